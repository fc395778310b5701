"""Two peers over loopback."""

import asyncio
import gc
import os
import threading
from fractions import Fraction

import pytest

from streamfx.live.refusal import Refusal
from streamfx.live.transport import ports
from streamfx.live.transport.dtls import Secure
from streamfx.live.transport.peer import Peer, PeerSettings
from tests.streamfx.live.transport.pairs import Heard, pair, pictures, sounds, until


async def exchange(sender, video, audio=(), rate=60):
    for i, packet in enumerate(video):
        sender.send_video(packet)
        for sound in audio[i * 5 // 3 : (i + 1) * 5 // 3]:
            sender.send_sound(sound)
        await asyncio.sleep(1 / rate)


@pytest.mark.parametrize("codec", ["H264", "VP8"])
def test_pictures_and_sound_go_both_ways(codec):
    video, audio = pictures(20, codec), sounds(32)

    async def run():
        async with pair(PeerSettings(codecs=(codec,))) as (client, heard, server, other):
            assert client.video_codec == server.video_codec == codec
            assert client.sends == server.receives == {"audio", "video"}
            await asyncio.gather(exchange(client, video, audio), exchange(server, video, audio))
            for one in (heard, other):
                await until(lambda one=one: len(one.pictures) == 20 and len(one.sounds) == 32)
                values = [frame.to_ndarray(format="gray")[100, 100] for frame, _, _ in one.pictures]
                assert all(abs(int(v) - 8 * i) < 6 for i, v in enumerate(values))
                for heard_of in (one.pictures, one.sounds):
                    instants = [instant for _, instant, _ in heard_of]
                    assert instants == sorted(set(instants))
            stats = server.stats()
            assert (stats.frames_decoded, stats.size) == (20, (320, 240))
            assert stats.bytes_in > 0 and stats.bytes_out > 0 and stats.lost_in == 0
            assert heard.keyframes == other.keyframes == 1  # to begin with

    asyncio.run(run())


def test_a_picture_leaves_without_waiting_for_the_next():
    video = pictures(1)

    async def run():
        async with pair(send=True, receive=False) as (client, _, _, other):
            client.send_video(video[0])
            await until(lambda: other.pictures)

    asyncio.run(run())


def test_a_keyframe_is_asked_for_until_one_comes():
    video = pictures(6)

    async def run():
        async with pair(send=True, receive=False) as (client, heard, server, other):
            client.send_video(video[0])
            await until(lambda: other.pictures)
            before = heard.keyframes
            server.ask_keyframe()
            await until(lambda: heard.keyframes > before)

    asyncio.run(run())


def test_pictures_before_a_keyframe_are_not_sent():
    video = pictures(4)

    async def run():
        async with pair(send=True, receive=False) as (client, heard, server, other):
            before = heard.keyframes
            client.send_video(video[1])
            await until(lambda: heard.keyframes > before)
            assert server.stats().bytes_in == 0
            client.send_video(video[0])
            await until(lambda: other.pictures)

    asyncio.run(run())


def test_lost_packets_are_repeated():
    video = pictures(30, size=(640, 480))

    async def run():
        async with pair(send=True, receive=False) as (client, _, server, other):
            receive, seen = server._path.media, []

            def lossy(data):
                seen.append(data)
                if len(seen) % 7 != 3:
                    receive(data)

            server._path.media = lossy
            await exchange(client, video)
            client.send_video(video[0])  # a last one that shows that the one before is missing
            await until(lambda: len(other.pictures) >= 30)
            assert server.stats().frames_discarded == 0

    asyncio.run(run())


def test_a_loss_that_stays_asks_for_a_keyframe_and_shows_no_broken_picture():
    video = pictures(12)

    async def run():
        settings = PeerSettings()
        async with pair(settings, send=True, receive=False) as (client, heard, _, other):
            client.send_video(video[0])
            await until(lambda: other.pictures)
            before = heard.keyframes
            sender = client._link.exchange._senders["video"]
            sender._sequence += 1  # as if a packet had been lost that nobody has
            for packet in video[1:]:
                client.send_video(packet)
            await until(lambda: heard.keyframes > before)
            assert len(other.pictures) == 1
            client.send_video(video[0])
            await until(lambda: len(other.pictures) == 2)

    asyncio.run(run())


def test_what_is_no_picture_asks_for_a_keyframe():
    video = pictures(3)

    async def run():
        async with pair(send=True, receive=False) as (client, heard, _, other):
            client.send_video(video[0])
            await until(lambda: other.pictures)
            before = heard.keyframes
            sender = client._link.exchange._senders["video"]
            sender._packer = Garbled()
            client.send_video(video[1])
            await until(lambda: heard.keyframes > before)

    asyncio.run(run())


class Garbled:
    def pack(self, packet):
        return [b"\x65" + b"\xff" * 300], 0


def test_garbage_is_survived():
    video = pictures(10)

    async def run():
        async with pair(send=True, receive=False) as (client, _, server, other):
            for head in (b"", b"\x80", b"\x80\x60", b"\x90\xe6", b"\x80\xc8\x00\x01", b"\x16\xfe"):
                for size in (0, 1, 3, 9, 200):
                    client._link._secure.path.post(head + os.urandom(size))
                    server._path.data_received((head + os.urandom(size)) or b"\x80", 1)
                    for control in (True, False):
                        server._link.exchange.incoming(head + os.urandom(size), control, 0.0)
            for payload in client._link.exchange._senders["video"].line.formats:
                for size in range(30):
                    packet = bytes((0x90, payload.payload)) + os.urandom(10)
                    packet += bytes.fromhex("bede0001") + os.urandom(size)
                    server._link.exchange.incoming(packet, False, 0.0)
            await asyncio.sleep(1.1)  # the source that the garbage made may be replaced
            for packet in video:
                client.send_video(packet)
            await until(lambda: other.pictures)
            assert other.states[-1] == "connected"

    asyncio.run(run())


def test_a_picture_of_another_size_goes_on():
    small, large = pictures(3), pictures(3, size=(640, 480), start=Fraction(1, 10))

    async def run():
        async with pair(send=True, receive=False) as (client, _, server, other):
            await exchange(client, small + large)
            await until(lambda: len(other.pictures) == 6)
            assert server.stats().size == (640, 480)

    asyncio.run(run())


def test_a_remote_that_vanishes_is_lost():
    async def run():
        settings = PeerSettings(silence=0.5)
        async with pair(settings, offerer=PeerSettings()) as (client, _, server, other):
            client._path.media = None
            for port in client._path._protocols:
                port.transport.abort()
            await until(lambda: other.states[-1] == "lost")
            assert "nothing came" in server.why

    asyncio.run(run())


def test_a_remote_that_closes_is_lost_at_once():
    async def run():
        async with pair() as (client, heard, _, other):
            await client.close()
            await until(lambda: other.states[-1] == "lost", 2)
            assert heard.states == ["connecting", "connected"]  # one's own end is no news

    asyncio.run(run())


def test_a_remote_that_never_comes_is_given_up():
    async def run():
        heard = Heard()
        client = Peer(PeerSettings(), Heard())
        server = Peer(PeerSettings(patience=0.2), heard)
        offer = await client.offer(video=True, audio=True, receive=True, send=True)
        await server.accept(offer, receive=True, send=True)
        await client.close()
        await until(lambda: heard.states == ["connecting", "lost"])
        assert "could not be reached" in server.why
        await server.close()

    asyncio.run(run())


def test_a_certificate_that_was_not_announced_ends_it():
    async def run():
        heard, other = Heard(), Heard()
        client, server = Peer(PeerSettings(), heard), Peer(PeerSettings(), other)
        offer = await client.offer(video=True, audio=False, receive=True, send=True)
        lines = offer.splitlines()
        i = next(i for i, line in enumerate(lines) if line.startswith("a=fingerprint"))
        lines[i] = lines[i][:-2] + ("00" if lines[i][-2:] != "00" else "11")
        forged = "\r\n".join(lines) + "\r\n"
        await client.answer(await server.accept(forged, receive=True, send=True))
        await until(lambda: other.states[-1] == "lost")
        assert "certificate" in server.why
        await client.close()
        await server.close()

    asyncio.run(run())


def test_ports_come_from_the_range():
    async def run():
        settings = PeerSettings(udp_ports=(42150, 42199))
        heard = Heard()
        peer = Peer(settings, heard)
        offer = await peer.offer(video=True, audio=False, receive=True, send=False)
        ports = [line.split()[5] for line in offer.splitlines() if line.startswith("a=candidate")]
        assert ports and all(42150 <= int(port) <= 42199 for port in ports)
        await peer.close()

    asyncio.run(run())


def test_a_peer_for_whom_no_port_is_free_is_refused():
    async def run():
        settings = PeerSettings(udp_ports=(42140, 42140))
        first, second = Peer(settings, Heard()), Peer(settings, Heard())
        offer = await first.offer(video=True, audio=False, receive=True, send=True)
        with pytest.raises(Refusal, match="no UDP port is free") as refused:
            await second.accept(offer, receive=True, send=True)
        assert (refused.value.status, refused.value.retry_after) == (503, 5)
        await first.close()
        await second.close()

    asyncio.run(run())


def test_candidates_may_come_later():
    async def run():
        heard, other = Heard(), Heard()
        client, server = Peer(PeerSettings(), heard), Peer(PeerSettings(), other)
        offer = await client.offer(video=True, audio=True, receive=True, send=True)
        answer = await server.accept(offer, receive=True, send=True)
        lines = answer.split("\r\n")
        bare = [line for line in lines if "candidate" not in line]
        later = [line for line in lines if line.startswith("a=candidate")]
        await client.answer("\r\n".join(bare))
        with pytest.raises(Refusal, match="malformed candidate") as refused:
            await client.trickle("a=candidate:1 1 udp")
        assert refused.value.status == 400
        with pytest.raises(Refusal) as refused:
            await client.trickle("a=ice-ufrag:other\r\na=ice-pwd:" + "x" * 24)
        assert refused.value.status == 422
        ufrag = f"a=ice-ufrag:{server.ice_ufrag}"
        await client.trickle(
            "\r\n".join([ufrag, "m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0", *later])
        )
        await client.trickle("")
        await until(lambda: heard.states[-1] == other.states[-1] == "connected")
        await client.close()
        await server.close()

    asyncio.run(run())


def test_nothing_is_left_of_a_closed_peer():
    video = pictures(5)

    async def once():
        async with pair() as (client, _, server, other):
            for packet in video:
                client.send_video(packet)
            await until(lambda: other.pictures)
            await asyncio.gather(server.close(), server.close())
        await asyncio.sleep(0)

    async def run():
        await once()
        gc.collect()
        files, tasks = os.listdir("/proc/self/fd"), asyncio.all_tasks()
        for _ in range(3):
            await once()
        assert len(os.listdir("/proc/self/fd")) <= len(files)
        assert asyncio.all_tasks() == tasks
        assert not [one for one in threading.enumerate() if one.name == "peer-decoder"]

    asyncio.run(run())


def test_what_is_sent_before_there_is_a_connection_is_dropped():
    async def run():
        peer = Peer(PeerSettings(), Heard())
        peer.send_video(pictures(1)[0])
        peer.ask_keyframe()
        assert peer.video_codec is None and peer.stats().bytes_out == 0
        await peer.close()
        await peer.close()

    asyncio.run(run())


def test_reports_of_the_remote_tell_the_bandwidth_and_the_round_trip():
    video = pictures(60)

    async def run():
        async with pair(PeerSettings(max_bitrate=3_000_000)) as (client, heard, _, _):
            sending = asyncio.create_task(exchange(client, video, rate=15))
            await until(lambda: client.stats().round_trip is not None and heard.bandwidths)
            assert heard.bandwidths[-1] <= 3_000_000
            sending.cancel()
            await asyncio.wait([sending])

    asyncio.run(run())


def test_reports_bring_pictures_that_come_later_to_the_instant_of_their_sound():
    count = 240
    video, audio = pictures(count), sounds(count * 5 // 3)
    late = 4  # pictures, by which those of an instant come after its sound

    def apart(heard):
        """Seconds between the newest picture and sound, beyond what their pts are apart."""
        (_, seen, _), (_, said, _) = heard.pictures[-1], heard.sounds[-1]
        picture, sound = video[len(heard.pictures) - 1], audio[len(heard.sounds) - 1]
        return abs(seen - said - picture.pts * picture.time_base + sound.pts * sound.time_base)

    async def run():
        async with pair(send=True, receive=False) as (client, _, _, other):
            close = 0
            for i in range(count):
                for sound in audio[i * 5 // 3 : (i + 1) * 5 // 3]:
                    client.send_sound(sound)
                if i >= late:
                    client.send_video(video[i - late])
                await asyncio.sleep(1 / 30)
                close += bool(other.pictures and other.sounds and apart(other) < 0.004)
                if close > 5:
                    return
            pytest.fail(f"{float(apart(other)):.3f} s apart")

    asyncio.run(run())


def test_a_fault_while_keys_are_exchanged_is_the_end_of_the_peer(monkeypatch):
    async def broken(secure, parameters):
        raise ValueError("what is this")

    monkeypatch.setattr(Secure, "start", broken)

    async def run():
        heard, other = Heard(), Heard()
        client, server = Peer(PeerSettings(), heard), Peer(PeerSettings(), other)
        offer = await client.offer(video=True, audio=False, receive=True, send=True)
        await client.answer(await server.accept(offer, receive=True, send=True))
        await until(lambda: heard.states == other.states == ["connecting", "lost"])
        await client.close()
        await server.close()

    asyncio.run(run())


def test_a_peer_that_is_closed_while_it_looks_for_ports_keeps_none(monkeypatch):
    async def run():
        reached, go = asyncio.Event(), asyncio.Event()
        openly = ports._open

        async def slowly(*given):
            port = await openly(*given)
            reached.set()
            await go.wait()
            return port

        monkeypatch.setattr(ports, "_open", slowly)
        files = len(os.listdir("/proc/self/fd"))
        peer = Peer(PeerSettings(), Heard())
        offering = asyncio.create_task(
            peer.offer(video=True, audio=False, receive=True, send=False)
        )
        await reached.wait()
        await peer.close()
        go.set()
        with pytest.raises(Refusal, match="closed meanwhile"):
            await offering
        await asyncio.sleep(0.05)
        assert len(os.listdir("/proc/self/fd")) == files

    asyncio.run(run())
