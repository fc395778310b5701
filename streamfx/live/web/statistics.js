// Figures of the running session, once a second.

import { find, make } from "./elements.js";

const KEPT = 120;
const RUNGS = {
  full: "full",
  reuse: "matte reused",
  skip: "every second picture",
  smaller: "half size",
  pass: "passed through",
};

/** The panel of statistics. */
export class Statistics {
  #figures = new Map();
  #latencies = [];
  #waited = null;

  constructor() {
    const names = [
      ["latency", "Latency"],
      ["fps_in", "Pictures in"],
      ["fps_out", "Pictures out"],
      ["dropped", "Dropped"],
      ["bits_in", "Sent"],
      ["bits_out", "Received"],
      ["load", "Load"],
      ["rung", "Quality"],
      ["viewers", "Viewers"],
    ];
    for (const [name, title] of names) {
      const value = make("dd", {}, "–");
      this.#figures.set(name, value);
      find("figures").append(make("div", {}, make("dt", {}, title), value));
    }
  }

  /** Show a `stats` message; `here` is what the browser measured of its own. */
  show(stats, here = {}) {
    find("numbers").hidden = false;
    const ways = this.#latency(stats, here);
    const dropped = stats.frames_in ? (100 * stats.dropped) / stats.frames_in : 0;
    this.#put("latency", whole(ways.all), "ms", title(ways));
    this.#put("fps_in", fixed(stats.fps_in), "fps");
    this.#put("fps_out", fixed(stats.fps_out), "fps");
    this.#put("dropped", whole(stats.dropped), `(${dropped.toFixed(1)} %)`);
    this.#put("bits_in", fixed(stats.bits_in / 1e6, 2), "Mbit/s");
    this.#put("bits_out", fixed(stats.bits_out / 1e6, 2), "Mbit/s");
    this.#put("load", whole(stats.load * 100), "%");
    this.#put("rung", RUNGS[stats.rung] ?? stats.rung ?? "–", "");
    this.#put("viewers", whole(stats.viewers), "");
    this.#graph(ways.all);
    this.#costs(stats.nodes ?? []);
  }

  /** Forget the curve: the run has ended. */
  clear() {
    find("numbers").hidden = true;
    this.#latencies = [];
    this.#waited = null;
  }

  #latency(stats, here) {
    const server = stats.latency_ms?.p50 ?? null;
    const worst = stats.latency_ms?.p95 ?? null;
    const network = here.roundTrip ?? stats.round_trip_ms ?? 0;
    const display = this.#wait(here);
    const all = server === null ? null : server + network + display;
    return { server, worst, network, display, all };
  }

  #wait({ waited, emitted }) {
    if (waited === undefined) return 0;
    const before = this.#waited;
    this.#waited = { waited, emitted };
    if (before === null || emitted <= before.emitted) return 0;
    return (waited - before.waited) / (emitted - before.emitted);
  }

  #put(name, text, unit, tip = "") {
    const place = this.#figures.get(name);
    place.replaceChildren(text, make("small", {}, unit && ` ${unit}`));
    if (tip) place.parentElement.title = tip;
  }

  #graph(latency) {
    if (latency === null) return;
    this.#latencies.push(latency);
    this.#latencies.splice(0, this.#latencies.length - KEPT);
    const top = Math.max(100, ...this.#latencies) * 1.1;
    const points = this.#latencies.map(
      (each, i) => `${KEPT - this.#latencies.length + i},${(32 - (30 * each) / top).toFixed(2)}`,
    );
    find("graph-line").setAttribute("points", points.join(" "));
    const most = Math.round(Math.max(...this.#latencies));
    find("graph-scale").textContent = `Latency, last two minutes; at most ${most} ms`;
  }

  #costs(nodes) {
    find("costs").hidden = nodes.length === 0;
    const sum = nodes.reduce((before, { ms }) => before + ms, 0) || 1;
    find("costs-rows").replaceChildren(
      ...nodes.map(({ id, ms }) =>
        make(
          "tr",
          {},
          make("th", { scope: "row" }, id),
          make("td", {}, make("meter", { min: 0, max: 1, value: ms / sum, "aria-label": "Share" })),
          make("td", {}, ms.toFixed(1)),
        ),
      ),
    );
  }
}

function whole(value) {
  return value === null || !Number.isFinite(value) ? "–" : String(Math.round(value));
}

function fixed(value, digits = 1) {
  return Number.isFinite(value) ? value.toFixed(digits) : "–";
}

function title({ server, worst, network, display }) {
  if (server === null) return "";
  return (
    `Server ${whole(server)} ms (95 % under ${whole(worst)} ms), ` +
    `network ${whole(network)} ms there and back, waiting for display ${whole(display)} ms`
  );
}
