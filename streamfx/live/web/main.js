// The page: puts its parts together.

import { ask, authorised, reason, takeFromAddress } from "./access.js";
import { Background } from "./background.js";
import { Devices } from "./camera.js";
import { Controls } from "./controls.js";
import { find, make, press, pressed } from "./elements.js";
import { Live } from "./live.js";
import { tab } from "./memory.js";
import { Plate } from "./plate.js";
import { Recording } from "./recording.js";
import { Session } from "./session.js";
import { Share } from "./share.js";
import { Stage } from "./stage.js";
import { Statistics } from "./statistics.js";
import { answer, PASSES, PLATE_WANTED, refusal, sentence } from "./words.js";

const COVER = find("cover-text").textContent;
const START = find("start").textContent;

takeFromAddress();
const session = new Session();
const devices = new Devices();
const live = new Live(session, devices);
const send = (message) => session.send(message);
const voice = { send, fail, say };
const stage = new Stage({ played: () => live.played() });
const controls = new Controls(send);
const background = new Background(voice);
const plate = new Plate(voice);
const recording = new Recording(voice);
const share = new Share(voice);
const statistics = new Statistics();

/** Show what went wrong, until it is dismissed or something else does. */
function fail(text) {
  find("problem-text").textContent = text;
  find("problem").hidden = text === "";
}

/** Say something to screen readers alone. */
function say(text) {
  find("announcer").textContent = text;
}

function status(text, tone) {
  const place = find("status");
  if (place.textContent !== text) place.textContent = text;
  place.dataset.tone = tone;
}

// What the user does

find("problem-close").addEventListener("click", () => fail(""));
find("start").addEventListener("click", () => start());
find("stop").addEventListener("click", () => live.stop());
find("preset").addEventListener("change", ({ target }) => send({ type: "preset", name: target.value }));
toggle("camera-on", (on) => live.enable("video", on));
toggle("microphone-on", (on) => live.enable("audio", on));
toggle("listen", (on) => stage.listen(on));

function toggle(id, act) {
  const button = find(id);
  button.addEventListener("click", () => {
    press(button, !pressed(button));
    act(pressed(button));
  });
}

async function start() {
  fail("");
  find("start").disabled = true;
  tab.set("live", true);
  await live.start(find("preset").value || null);
  find("start").disabled = false;
}

// What the run does

live.addEventListener("status", ({ detail }) => status(detail.text, detail.tone));
live.addEventListener("warning", ({ detail }) => fail(detail));
live.addEventListener("camera", ({ detail }) => {
  stage.camera(detail);
  tools(true);
});
live.addEventListener("back", ({ detail }) => stage.back(detail));
live.addEventListener("lost", () => stage.lost());
live.addEventListener("ended", ({ detail }) => ended(detail));

function ended(why) {
  tab.set("live", null);
  plate.cancel();
  for (const part of [recording, share]) part.end();
  for (const id of ["background-panel", "plate-panel", "controls-panel"]) find(id).hidden = true;
  tools(false);
  statistics.clear();
  stage.end(why || COVER, START);
  status(why ? "Not running" : "Stopped", why ? "bad" : "idle");
  if (why) say(why);
  find("start").focus({ preventScroll: true });
}

function tools(on) {
  for (const id of ["compare", "stop"]) find(id).disabled = !on;
  for (const [id, kind] of [["camera-on", "video"], ["microphone-on", "audio"]]) {
    find(id).disabled = !on || !live.has(kind);
    if (!on) press(find(id), true);
    else live.enable(kind, pressed(find(id)));
  }
  find("listen").disabled = !on;
  if (on) return;
  press(find("listen"), false);
  stage.listen(false);
}

// What the server says

session.addEventListener("link", ({ detail }) => {
  if (detail.state === "connecting") status("Connecting…", "busy");
  if (detail.state === "refused") refused(detail.error);
  if (detail.state !== "waiting") return;
  const seconds = Math.max(1, Math.round(detail.seconds));
  const why = detail.error ? refusal(detail.error) : "Connection lost.";
  status(`${why} Again in ${seconds} s`, "warn");
  recording.end();
});

async function refused(error) {
  if (error.code === "token") {
    status("A token is needed", "warn");
    if (await ask(refusal(error))) {
      session.start(find("preset").value || null);
      return;
    }
  }
  live.stop(refusal(error));
}

session.addEventListener("welcome", ({ detail: welcome }) => {
  const unknown = welcome.resumed ? [] : unsaved(welcome.preset.name);
  offer(welcome.presets);
  background.begin(welcome);
  recording.begin(welcome);
  share.begin(welcome);
  preset(welcome.preset);
  if (welcome.resumed) say("Back in the same session.");
  unknown.forEach(send);
});
session.addEventListener("preset", ({ detail }) => {
  preset(detail);
  say(`${spoken(detail.name)}.`);
});
session.addEventListener("set", ({ detail }) => controls.take(detail));
session.addEventListener("background", ({ detail }) => background.show(detail));
session.addEventListener("plate", ({ detail }) => {
  plate.show(detail);
  if (detail.state !== "taken") return;
  shown.plate = true;
  stage.notice("");
});
session.addEventListener("record", ({ detail }) => recording.show(detail));
session.addEventListener("push", ({ detail }) => share.show(detail));
session.addEventListener("state", ({ detail: { state, why, rung } }) => {
  if (state === "running") stage.notice(rung === "pass" ? PASSES : "");
  else stage.notice(plateWanted() ? PLATE_WANTED : sentence(why || "the picture passes through"));
});
session.addEventListener("stats", async ({ detail }) => {
  statistics.show(detail, await live.measure());
});
session.addEventListener("error", ({ detail }) => {
  fail(refusal(detail));
  controls.refuse();
  background.refuse();
  recording.refuse();
  if (shown) find("preset").value = shown.name;
});
session.addEventListener("bye", ({ detail }) => fail(sentence(detail.why || "The server is closing")));

let shown = null;

function preset(next) {
  shown = next;
  find("preset").value = next.name;
  hint(next);
  controls.show(next.nodes);
  background.preset(next);
  plate.preset(next);
  stage.notice(plateWanted() ? PLATE_WANTED : "");
}

function plateWanted() {
  return shown.inputs.includes("plate") && !shown.plate;
}

/** Return what the user had changed in a session that is gone, where the same graph runs again. */
function unsaved(name) {
  if (shown?.name !== name) return [];
  const behind = shown.inputs.includes("background") ? background.again() : null;
  return [...controls.changes(), ...(behind ? [behind] : [])];
}

function offer(presets) {
  const select = find("preset");
  const value = select.value;
  select.replaceChildren(
    ...presets.map(({ name }) => make("option", { value: name }, spoken(name))),
  );
  const wanted = tab.get("preset") ?? value;
  if (presets.some(({ name }) => name === wanted)) select.value = wanted;
  select.onchange = () => hint(presets.find(({ name }) => name === select.value));
  hint(presets.find(({ name }) => name === select.value));
}

function hint(chosen) {
  const needs = { background: "a background", plate: "a clean plate" };
  const inputs = (chosen?.inputs ?? []).map((each) => needs[each] ?? each);
  const works = inputs.length ? `Works with ${inputs.join(" and ")}.` : "";
  find("preset-hint").textContent = `${sentence(chosen?.title ?? "")} ${works}`.trim();
}

/** Return a preset's name as one would say it. */
function spoken(name) {
  const words = name.replaceAll("-", " ");
  return words[0].toUpperCase() + words.slice(1);
}

async function begin() {
  try {
    const response = await authorised("/api/presets");
    if (response.ok) {
      const body = await response.json();
      offer(Array.isArray(body) ? body : body.presets);
    } else {
      fail(answer(response.status, await reason(response)));
    }
  } catch {
    fail(answer(0));
  }
  if (tab.get("live")) await start();
}

await begin();
