// Draws the charts out of the figures in the page, in the colours of the style sheet, and again when either changes.
"use strict";
(() => {
  const COLOURS = 8;
  const UNITS = {
    usd: () => ({ before: "$", hover: ",.4~f" }),
    ms: (most) => (most < 2000 ? { after: " ms", hover: ",.0f" } : { after: " s", hover: ",.2f", scale: 1e-3 }),
    calls: () => ({ hover: ",d" }),
    tokens: () => ({ hover: ",d" }),
  };
  const LENGTHS = { minute: 60e3, hour: 3600e3, day: 86400e3 };
  const HOURS = 3600e3;
  const TICKS = [
    { dtickrange: [null, 12 * HOURS], value: "%H:%M\n%-d %b" },
    { dtickrange: [12 * HOURS, "M1"], value: "%-d %b\n%Y" },
    { dtickrange: ["M1", null], value: "%b\n%Y" },
  ];
  const TITLES = { minute: "%a %-d %b %Y, %H:%M", hour: "%a %-d %b %Y, %H:%M", day: "%a %-d %b %Y", month: "%B %Y" };
  const drawn = new WeakMap();
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // The highest place of the chart; bars stand on each other.
  const highest = ({ kind, series, x }) =>
    kind === "bar"
      ? Math.max(...x.map((_, at) => series.reduce((sum, { y }) => sum + (y[at] || 0), 0)))
      : Math.max(...series.flatMap(({ y }) => y.map(Number)));

  const traces = (figure, unit) =>
    figure.series.map((series, at) => {
      const ink = colour(series.rest ? "--rest" : `--c${at % COLOURS}`);
      const hover = `${unit.before || ""}%{y:${unit.hover}}${unit.after || ""}<extra>${series.name.replaceAll("%", "&#37;")}</extra>`;
      const y = series.y.map((value) => (value === null ? null : value * (unit.scale || 1)));
      const both = { name: series.name, x: figure.x, y, hovertemplate: hover };
      return figure.kind === "bar"
        ? { ...both, type: "bar", marker: { color: ink, line: { width: 0 } } }
        : { ...both, type: "scatter", mode: series.y.filter((y) => y !== null).length < 3 ? "lines+markers" : "lines", line: { color: ink, width: 1.75 }, connectgaps: false };
    });

  const layout = (figure, unit, most, width) => {
    const [ink, quiet, grid] = [colour("--ink"), colour("--quiet"), colour("--grid")];
    const whole = figure.unit === "calls" && most < 5 ? { dtick: 1 } : {};
    const half = (LENGTHS[figure.step] || 0) / 2;
    const ends = [figure.x[0], figure.x[figure.x.length - 1]].map((at) => new Date(`${at}Z`).getTime());
    const range = [ends[0] - half, ends[1] + half].map((at) => new Date(at).toISOString().slice(0, -1));
    return {
      autosize: true,
      barmode: "stack",
      bargap: figure.x.length > 60 ? 0.08 : 0.25,
      colorway: [ink],
      dragmode: false,
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: quiet },
      hovermode: "x unified",
      hoverlabel: { bgcolor: colour("--card"), bordercolor: colour("--line"), font: { color: ink }, namelength: width < 600 ? 18 : 40 },
      margin: { l: 52, r: 8, t: 8, b: 36 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      showlegend: false,
      xaxis: { type: "date", range: half ? range : undefined, fixedrange: true, gridcolor: "rgba(0,0,0,0)", linecolor: colour("--line"), nticks: width < 600 ? 4 : 9, tickangle: 0, tickformatstops: TICKS, hoverformat: TITLES[figure.step] },
      yaxis: { rangemode: "tozero", fixedrange: true, gridcolor: grid, zerolinecolor: colour("--line"), tickformat: most < 1e4 ? ",.6~f" : "~s", tickprefix: unit.before || "", ticksuffix: unit.after || "", nticks: 5, ...whole },
    };
  };

  const draw = (plot, always) => {
    const text = document.getElementById(plot.dataset.figure).textContent;
    if (!always && drawn.get(plot) === text) return;
    drawn.set(plot, text);
    const figure = JSON.parse(text);
    const some = figure.series.some((series) => series.y.some(Boolean));
    plot.classList.toggle("none", !some);
    if (!some) return;
    const most = highest(figure);
    const unit = UNITS[figure.unit](most);
    Plotly.react(plot, traces(figure, unit), layout(figure, unit, most * (unit.scale || 1), plot.clientWidth), { displayModeBar: false, responsive: true, locale: "en" });
  };
  const all = (always) => document.querySelectorAll(".plot").forEach((plot) => draw(plot, always));
  document.documentElement.classList.add("scripted");
  document.addEventListener("renewed", () => all(false));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => all(true));
  all(true);
})();
