// One RTCPeerConnection: the camera goes out on it, and the processed stream comes back.

const MAX_BITRATE = { 360: 1_500_000, 720: 4_000_000, 1080: 8_000_000 };
const DISCONNECTED = 4;

/**
 * A connection of media. `tell` carries a message to the server; `changed` hears
 * "connecting", "connected", "lost"; `arrived` gets the stream that comes back.
 */
export class Peer {
  #pc;
  #senders = {};
  #patience = 0;
  #closed = false;

  constructor({ iceServers, stream, tell, changed, arrived }) {
    this.#pc = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    const back = new MediaStream();
    for (const kind of ["video", "audio"]) {
      const track = stream.getTracks().find((each) => each.kind === kind);
      const line = this.#pc.addTransceiver(track ?? kind, {
        direction: "sendrecv",
        streams: [stream],
      });
      this.#senders[kind] = line.sender;
      if ("jitterBufferTarget" in line.receiver) line.receiver.jitterBufferTarget = 0;
    }
    this.#pc.ontrack = ({ track }) => {
      back.addTrack(track);
      arrived(back);
    };
    this.#pc.onicecandidate = ({ candidate }) => {
      tell({
        type: "candidate",
        candidate: candidate?.candidate ?? "",
        mid: candidate?.sdpMid ?? "",
      });
    };
    this.#pc.onconnectionstatechange = () => this.#follow();
    this.changed = changed;
    this.tell = tell;
  }

  /** Offer; the candidates follow by themselves. */
  async offer() {
    await this.#pc.setLocalDescription(await this.#pc.createOffer());
    if (this.#closed) return;
    this.tell({ type: "offer", sdp: this.#pc.localDescription.sdp });
    await this.#limit();
  }

  /** Take the server's answer. */
  async answer(sdp) {
    if (this.#pc.signalingState !== "have-local-offer") return;
    await this.#pc.setRemoteDescription({ type: "answer", sdp });
    const transport = this.#senders.video.transport;
    if (!transport) return;
    // A server that hangs up says so here, seconds before ICE notices.
    transport.addEventListener("statechange", () => {
      if (!this.#closed && ["closed", "failed"].includes(transport.state)) this.changed("lost");
    });
  }

  /** Send another track in place of the one of its kind; null sends none. */
  async replace(kind, track) {
    await this.#senders[kind].replaceTrack(track);
    await this.#limit();
  }

  /** Whether media flows, as far as the browser knows. */
  get connected() {
    return this.#pc.connectionState === "connected";
  }

  /** Return the network's round trip, the wait before display and the pictures decoded. */
  async measure() {
    const found = { decoded: 0 };
    for (const report of (await this.#pc.getStats()).values()) {
      if (report.type === "candidate-pair" && report.nominated && report.currentRoundTripTime) {
        found.roundTrip = report.currentRoundTripTime * 1000;
      }
      if (report.type === "inbound-rtp" && report.kind === "video") {
        found.decoded = report.framesDecoded ?? 0;
        found.waited = (report.jitterBufferDelay ?? 0) * 1000;
        found.emitted = report.jitterBufferEmittedCount ?? 0;
      }
    }
    return found;
  }

  /** End it. */
  close() {
    this.#closed = true;
    clearTimeout(this.#patience);
    this.#pc.onconnectionstatechange = null;
    this.#pc.onicecandidate = null;
    this.#pc.ontrack = null;
    this.#pc.close();
  }

  #follow() {
    clearTimeout(this.#patience);
    const state = this.#pc.connectionState;
    if (state === "disconnected") {
      this.#patience = setTimeout(() => this.changed("lost"), DISCONNECTED * 1000);
    } else if (state === "failed" || state === "closed") {
      this.changed("lost");
    } else {
      this.changed(state === "connected" ? "connected" : "connecting");
    }
  }

  async #limit() {
    const height = this.#senders.video.track?.getSettings().height ?? 720;
    const step = Object.keys(MAX_BITRATE).find((each) => height <= Number(each)) ?? "1080";
    const parameters = this.#senders.video.getParameters();
    if (!parameters.encodings?.length) return;
    parameters.encodings[0].maxBitrate = MAX_BITRATE[step];
    try {
      await this.#senders.video.setParameters(parameters);
    } catch {
      // a browser that keeps its own limit sends all the same
    }
  }
}
