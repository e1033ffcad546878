// Tells this site, and nobody else, what this browser says of itself. Everything works without it.
(() => {
  "use strict";

  const LENGTH = 200;

  // A short hash, so that no picture and no list of fonts leaves the browser.
  const hash = (text) => {
    let value = 0x811c9dc5;
    for (let i = 0; i < text.length; i += 1) {
      value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
    }
    return value.toString(16).padStart(8, "0");
  };

  const canvas = () => {
    const drawing = document.createElement("canvas");
    drawing.width = 220;
    drawing.height = 30;
    const pen = drawing.getContext("2d");
    pen.textBaseline = "top";
    pen.font = "16px sans-serif";
    pen.fillStyle = "#2a6";
    pen.fillRect(100, 2, 60, 20);
    pen.fillStyle = "#147";
    pen.fillText("AuthShield 証券 \u{1F512}", 2, 6);
    return hash(drawing.toDataURL());
  };

  const webgl = () => {
    const context = document.createElement("canvas").getContext("webgl");
    const names = context.getExtension("WEBGL_debug_renderer_info");
    return context.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : context.RENDERER);
  };

  const fonts = () => {
    const pen = document.createElement("canvas").getContext("2d");
    const width = (family) => {
      pen.font = `32px ${family}`;
      return pen.measureText("mmMwWLl0あ").width;
    };
    const plain = width("monospace");
    const known = ["Arial", "Hiragino Sans", "Meiryo", "Yu Gothic", "Noto Sans JP", "Segoe UI", "Roboto", "Ubuntu"];
    return known.map((family) => (width(`"${family}", monospace`) === plain ? "0" : "1")).join("");
  };

  const sources = {
    screen: () => `${screen.width}x${screen.height}x${screen.colorDepth}@${devicePixelRatio}`,
    timezone: () => Intl.DateTimeFormat().resolvedOptions().timeZone,
    languages: () => navigator.languages.join(","),
    platform: () => navigator.platform,
    webgl,
    canvas,
    fonts,
    cores: () => navigator.hardwareConcurrency,
    memory: () => navigator.deviceMemory,
    touch: () => navigator.maxTouchPoints,
  };

  const collect = () => {
    const found = {};
    for (const [name, read] of Object.entries(sources)) {
      try {
        const value = read();
        if (value !== undefined && value !== null) {
          found[name] = String(value).slice(0, LENGTH);
        }
      } catch {
        // A browser that does not tell is an answer too.
      }
    }
    return found;
  };

  fetch(document.currentScript.dataset.to, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    credentials: "same-origin",
    body: JSON.stringify(collect()),
    keepalive: true,
  }).catch(() => {});
})();
