// Follows running tasks and growing logs. It sets text and attributes, never
// HTML: whatever a build prints stays text.
"use strict";

(() => {
  const main = document.querySelector("main[data-live]");
  if (!main || !main.dataset.live || !window.EventSource) return;
  const source = new EventSource(main.dataset.live);
  const status = document.getElementById("live");
  const say = (text, cls) => { if (status) { status.textContent = text; status.className = "live " + cls; } };

  source.onopen = () => say("live", "on");
  source.onerror = () => say(source.readyState === EventSource.CLOSED ? "stands still" : "reconnecting", "");
  source.addEventListener("reload", () => { source.close(); setTimeout(() => location.reload(), 300); });

  const badge = (e, b) => {
    e.className = "badge " + b.class;
    e.children[0].textContent = b.sign;
    e.children[1].textContent = b.word;
  };

  source.addEventListener("tasks", (event) => {
    for (const t of JSON.parse(event.data)) {
      const part = (name) => document.querySelectorAll(`[data-${name}="${Number(t.id)}"]`);
      part("badge").forEach((e) => badge(e, t));
      part("host").forEach((e) => { e.textContent = t.host || "–"; });
      part("phase").forEach((e) => { e.textContent = t.phase; });
    }
  });

  const log = document.getElementById("log");
  if (!log) return;
  const keep = 20000; // lines in the page

  source.addEventListener("lines", (event) => {
    const chunk = JSON.parse(event.data);
    const atEnd = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 40;
    const add = document.createDocumentFragment();
    chunk.lines.forEach((text, i) => {
      const n = chunk.first + i;
      if (document.getElementById("L" + n)) return; // came twice
      const row = document.createElement("div");
      row.id = "L" + n;
      const a = document.createElement("a");
      a.href = "#L" + n;
      a.textContent = n;
      const code = document.createElement("code");
      code.textContent = text;
      row.append(a, code);
      add.append(row);
    });
    log.append(add);
    while (log.childElementCount > keep) log.firstElementChild.remove();
    if (atEnd) window.scrollTo(0, document.documentElement.scrollHeight);
  });
  source.addEventListener("end", (event) => {
    source.close();
    say("ended", "");
    const b = document.getElementById("state");
    if (b) badge(b, JSON.parse(event.data));
  });
  if (!location.hash) window.scrollTo(0, document.documentElement.scrollHeight);
})();
