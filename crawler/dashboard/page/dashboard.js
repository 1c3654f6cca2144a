"use strict";
// Everything that a crawl brings is set as text, never as markup: pages are strangers.
const $ = id => document.getElementById(id);
const report = $("data");
const token = document.querySelector("meta[name=token]")?.content;

const whole = value => Math.round(value).toLocaleString("en");
const rate = value => value >= 10 || value === 0 ? whole(value) : value.toFixed(1);
const seconds = value => value === null ? "–" : value < 1 ? Math.round(value * 1000) + " ms" : value.toFixed(2) + " s";
const bytes = value => {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  while (value >= 1000 && at < units.length - 1) value /= 1000, ++at;
  return (at && value < 100 ? value.toFixed(1) : Math.round(value)) + " " + units[at];
};
const clock = value => {
  const total = Math.round(value), two = part => String(part).padStart(2, "0");
  return (total >= 3600 ? Math.floor(total / 3600) + ":" : "") + (total >= 3600 ? two(Math.floor(total / 60) % 60) : Math.floor(total / 60)) + ":" + two(total % 60);
};

const element = (name, text, className) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};
const drawing = (name, attributes, text) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
};

// A round number at or above the value: 1, 2 or 5 times a power of ten.
const ceiling = value => {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map(step => step * power).find(step => step >= value * 0.9999);
};

const kWidth = 440, kHeight = 150, kLeft = 52, kBottom = 20, kTop = 8;
function chart(figure, title, lines, format, step) {
  const svg = drawing("svg", {viewBox: `0 0 ${kWidth} ${kHeight}`, role: "img", "aria-label": title});
  const count = Math.max(...lines.map(line => line.values.length));
  const most = ceiling(Math.max(0, ...lines.flatMap(line => line.values)));
  const x = at => kLeft + (count > 1 ? at / (count - 1) : 0.5) * (kWidth - kLeft - 6);
  const y = value => kTop + (1 - value / most) * (kHeight - kTop - kBottom);
  for (const part of [0, 0.5, 1]) {
    svg.append(drawing("line", {class: "grid", x1: kLeft, x2: kWidth - 6, y1: y(part * most), y2: y(part * most)}));
    svg.append(drawing("text", {x: kLeft - 6, y: y(part * most) + 4, "text-anchor": "end"}, format(part * most)));
  }
  for (const [at, anchor] of [[0, "start"], [0.5, "middle"], [1, "end"]])
    svg.append(drawing("text", {x: kLeft + at * (kWidth - kLeft - 6), y: kHeight - 4, "text-anchor": anchor}, clock(at * count * step)));
  for (const line of lines) {
    let path = "", pen = false;
    line.values.forEach((value, at) => {
      if (value === null) return void (pen = false);     // nothing was measured then
      path += (pen ? "L" : "M") + x(at).toFixed(1) + " " + y(value).toFixed(1);
      if (!pen && (at + 1 === line.values.length || line.values[at + 1] === null)) path += "h1.5";
      pen = true;
    });
    const drawn = drawing("path", {class: "line", d: path, "stroke-linecap": "round"});
    drawn.style.stroke = `var(--${line.colour})`;
    svg.append(drawn);
  }
  const caption = element("figcaption", title);
  const values = element("b");
  for (const line of lines) {
    const last = element("span", " " + (line.name ? line.name + " " : "") + format(line.values.at(-1) ?? (format === seconds ? null : 0)));
    last.style.color = `var(--${line.colour})`;
    values.append(last);
  }
  caption.append(values);
  figure.replaceChildren(caption, svg);
}

function table(id, head, rows, empty) {
  const made = $(id);
  if (!rows.length) return made.replaceChildren(element("caption", empty, "none"));
  const top = element("tr");
  for (const [name, className] of head) top.append(element("th", name, className === "code" ? "" : className));
  const body = rows.map(cells => {
    const row = element("tr");
    cells.forEach((cell, at) => row.append(cell instanceof Node ? cell : element("td", cell, head[at][1])));
    return row;
  });
  made.replaceChildren(top, ...body);
}

function linked(url) {
  const cell = element("td");
  const link = element("a", url);
  if (/^https?:/.test(url)) Object.assign(link, {href: url, rel: "noreferrer noopener", target: "_blank"});
  cell.append(link);
  return cell;
}

function show(now) {
  document.title = `${now.spider}: ${now.state}`;
  $("spider").textContent = now.spider;
  $("target").textContent = [now.target, now.began_at && "since " + now.began_at.replace("T", " ").replace(/\..*/, " UTC")].filter(Boolean).join(" · ");
  $("state").textContent = now.state + (now.close_reason ? ": " + now.close_reason : "");
  $("state").dataset.state = now.state;
  const {series, step} = now, perSecond = values => values.map(value => value / step);
  const latest = values => values.length ? values.at(-1) / step : 0;
  $("tiles").replaceChildren(...[
    [whole(now.pages), "pages"], [rate(now.state === "ended" ? now.pages / Math.max(now.elapsed, 0.001) : latest(series.pages)), "pages a second"], [whole(now.items), "items"], [whole(now.errors), "errors"],
    [bytes(now.bytes), "received"], [whole(now.pending), "pending"], [`${now.in_flight} of ${now.concurrency}`, "in flight"], [seconds(now.latency.median), "latency, median"],
    [seconds(now.latency.p95), "latency, 95 %"], [clock(now.elapsed), "elapsed"],
  ].map(([value, name]) => {
    const tile = element("div", undefined, "tile");
    tile.append(element("b", value), element("span", name));
    return tile;
  }));
  const charts = [
    ["Pages a second", [{values: perSecond(series.pages), colour: "blue", name: "pages"}, {values: perSecond(series.errors), colour: "red", name: "errors"}], rate],
    ["Bytes a second", [{values: perSecond(series.bytes), colour: "violet"}], bytes],
    ["Latency", [{values: series.latency, colour: "amber"}], seconds],
    ["Items a second", [{values: perSecond(series.items), colour: "green"}], rate],
    ["Queue", [{values: series.pending, colour: "blue"}], whole],
    ["In flight", [{values: series.in_flight, colour: "green"}], rate],
  ];
  while ($("charts").children.length < charts.length) $("charts").append(element("figure"));
  charts.forEach(([title, lines, format], at) => chart($("charts").children[at], title, lines, format, step));

  const statuses = Object.entries(now.statuses), most = Math.max(1, ...statuses.map(([, count]) => count));
  $("statuses").replaceChildren(...statuses.flatMap(([status, count]) => {
    const bar = element("div", undefined, "bar");
    bar.style.width = 100 * count / most + "%";
    bar.style.background = `var(--${{2: "green", 3: "blue", 4: "amber"}[status[0]] ?? "red"})`;
    return [element("span", status), bar, element("span", whole(count), "number")];
  }), ...(statuses.length ? [] : [element("span", "no response yet", "none")]));

  $("host_count").textContent = now.hosts.length < now.host_count ? `${now.hosts.length} of ${whole(now.host_count)}` : "";
  table("hosts", [["Host"], ["In flight", "number"], ["Pending", "number"], ["Responses", "number"], ["Errors", "number"], ["Received", "number"], ["Median", "number"], ["Delay", "number"], ["Now"]],
        now.hosts.map(host => [host.name || "(all others)", `${host.active} of ${host.concurrency}`, whole(host.waiting), whole(host.responses), whole(host.errors), bytes(host.bytes), seconds(host.median),
                               seconds(host.delay), host.why.startsWith(host.name + " ") ? host.why.slice(host.name.length + 1) : host.why]), "no host was asked yet");
  table("errors", [["After"], ["Page"], ["Cause"], ["Tries", "number"]], now.recent_errors.map(error => [clock(error.at), linked(error.url), error.cause, String(error.tries)]), "none");
  table("items", [["After"], ["Item, a few of each second", "code"]], now.recent_items.map(item => [clock(item.at), item.json]), "none yet");
  table("settings", [["Setting"], ["Value", "code"], ["From"]], now.settings.map(setting => [setting.name, setting.value, setting.origin]), "none");
}

// ---- live

let shown = null, edited = false;
function showControls(now) {
  const open = now.state === "running" || now.state === "paused";
  const button = action => document.querySelector(`[data-action=${action}]`);
  button("pause").disabled = now.state !== "running";
  button("resume").disabled = now.state !== "paused";
  button("stop").disabled = $("apply").disabled = !open;
  if (!edited) for (const field of ["concurrency", "host_concurrency", "delay"]) $(field).value = now[field];
}

async function control(action, body = {}) {
  $("answer").textContent = "";
  try {
    const answer = await fetch("control/" + action, {method: "POST", headers: {"Content-Type": "application/json", "X-Weft-Token": token}, body: JSON.stringify(body)});
    const text = await answer.text();
    if (!answer.ok) $("answer").textContent = text.trim() || "refused: " + answer.status;
    else edited = false, receive(JSON.parse(text));
  } catch {
    $("answer").textContent = "The crawl does not answer.";
  }
}

function receive(now) {
  shown = now;
  show(now);
  showControls(now);
}

function live() {
  $("controls").hidden = false;
  const source = new EventSource("events");
  source.onmessage = event => {
    receive(JSON.parse(event.data));
    if (shown.state === "ended") source.close();
  };
  source.onerror = () => {
    if (shown?.state === "ended") return;
    $("state").textContent = "no connection; trying again";
    $("state").dataset.state = "";
  };
  for (const button of document.querySelectorAll("[data-action]")) button.onclick = () => control(button.dataset.action);
  $("controls").oninput = () => edited = true;
  $("controls").onsubmit = event => {
    event.preventDefault();
    control("settings", {concurrency: $("concurrency").valueAsNumber, host_concurrency: $("host_concurrency").valueAsNumber, delay: $("delay").valueAsNumber});
  };
}

if (report) show(JSON.parse(report.textContent));
else live();
