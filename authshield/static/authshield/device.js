// Signs what this browser sends with a key that cannot leave it. Everything works without it, with less trust.
(() => {
  "use strict";

  // A page may name the script twice, in the site's frame and in its own.
  if (window.authshieldDevice) return;
  window.authshieldDevice = true;

  const told = document.currentScript.dataset;
  const field = "authshield_proof";
  const send = window.fetch.bind(window);
  const text = new TextEncoder();
  const curve = { name: "ECDSA", namedCurve: "P-256" };
  const MINUTE = 60_000;
  let nonce = told.nonce;
  let issued = parseInt(nonce, 36) * 1000;
  // A page out of a cache brings a nonce that has aged: another one is fetched before it is signed.
  let taken = Math.abs(Date.now() - issued) < 2 * MINUTE ? Date.now() : 0;

  const base64 = (octets) =>
    btoa(String.fromCharCode(...new Uint8Array(octets)))
      .replace(/\+/g, "-")
      .replace(/\//g, "_")
      .replace(/=/g, "");
  const sha256 = (octets) => crypto.subtle.digest("SHA-256", octets);

  // The one drawer that the key lies in; what cannot be kept there is made for nothing.
  const drawer = (mode, act) =>
    new Promise((resolve, reject) => {
      const opening = indexedDB.open("authshield", 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
      opening.onerror = reject;
      opening.onsuccess = () => {
        const asked = act(opening.result.transaction("keys", mode).objectStore("keys"));
        asked.onsuccess = () => {
          opening.result.close();
          resolve(asked.result);
        };
        asked.onerror = reject;
      };
    });

  const named = async (pair) => {
    const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    return { name: base64(point.slice(1)), pair };
  };
  let found = drawer("readonly", (keys) => keys.get("device"))
    .then((pair) => pair && named(pair))
    .catch(() => undefined);
  const make = async () => {
    const pair = await crypto.subtle.generateKey(curve, false, ["sign"]);
    await drawer("readwrite", (keys) => keys.put(pair, "device"));
    return named(pair);
  };

  const renew = async () => {
    const answer = await send(told.to, { credentials: "same-origin", headers: { Accept: "application/json" } });
    nonce = (await answer.json()).nonce;
    issued = parseInt(nonce, 36) * 1000;
    taken = Date.now();
  };

  const proof = async (method, url, body, multipart) => {
    const key = await found;
    if (!key) return "";
    if (Date.now() - taken > 3 * MINUTE || Date.now() < taken) await renew();
    const time = String(issued + Date.now() - taken);
    const digest = multipart ? "-" : base64(await sha256(body));
    const path = decodeURIComponent(url.pathname) + url.search;
    const said = ["authshield-proof-v1", method, path, digest, time, nonce].join("\n");
    const signed = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key.pair.privateKey, text.encode(said));
    return `v1.${key.name}.${nonce}.${time}.${base64(signed)}`;
  };

  const isOurs = (method, url) => !/^(GET|HEAD|OPTIONS)$/.test(method) && url.origin === location.origin;

  window.fetch = async (input, init) => {
    let asked = input;
    let given = init;
    try {
      const request = new Request(input.clone?.() ?? input, init);
      const url = new URL(request.url);
      if (isOurs(request.method, url) && (await found)) {
        asked = request.clone();
        given = undefined;
        const multipart = /^multipart\//.test(request.headers.get("Content-Type"));
        const octets = multipart ? undefined : await request.arrayBuffer();
        asked.headers.set("AuthShield-Proof", await proof(request.method, url, octets, multipart));
      }
    } catch {
      // Unsigned is better than unsent.
    }
    const answer = await send(asked, given);
    const isAsked = answer.headers.has("AuthShield-Prove") && given === init && typeof input === "string";
    return isAsked && (await show()) ? send(input, init) : answer;
  };

  // A form is signed in the bytes that the browser is about to send, then sent once more.
  const signed = new WeakMap();
  const bytes = (form, submitter) => {
    const data = new FormData(form, submitter);
    if (submitter?.name && !data.has(submitter.name)) throw new Error("this browser leaves the button out");
    const lines = [...data].map(([name, value]) => [name, value.name ?? value].map((one) => one.replace(/\r\n?|\n/g, "\r\n")));
    return text.encode(new URLSearchParams(lines).toString());
  };
  addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    const asked = (name) => button?.getAttribute(`form${name}`) ?? form.getAttribute(name) ?? "";
    const url = new URL(asked("action") || location.href, location.href);
    if (typeof signed.get(form) === "string") return;
    if (asked("method").toUpperCase() !== "POST" || url.origin !== location.origin) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (signed.has(form)) return;
    signed.set(form, null);
    const multipart = asked("enctype") === "multipart/form-data";
    const late = new Promise((resolve) => setTimeout(resolve, 2000, ""));
    const signing = (async () => proof("POST", url, multipart ? undefined : bytes(form, button), multipart))();
    Promise.race([signing, late])
      .catch(() => "")
      // In a task of its own: while the event is still under way, browsers ignore a second one.
      .then((made) => setTimeout(() => {
        signed.set(form, made);
        form.requestSubmit(button);
        signed.delete(form);
      }));
  }, true);
  addEventListener("formdata", (event) => {
    const made = signed.get(event.target);
    if (made) event.formData.append(field, made);
  });

  // The key is registered after a sign-in; later it says now and then that this browser is still there.
  let present = Date.now() - 1000 * (told.age || 0);
  const show = async () => {
    if (!(await found)) return false;
    present = Date.now();
    const answer = await fetch(told.to, { method: "POST", credentials: "same-origin" });
    return answer.ok;
  };
  const begin = async () => {
    const asked = document.querySelector("[data-authshield-prove]");
    if (told.register !== undefined) {
      found = found.then((key) => key ?? make());
      await show();
    } else if (asked && (await show())) {
      location.replace(asked.dataset.authshieldProve);
    }
  };
  const stay = () => {
    if (told.age !== undefined && !document.hidden && Date.now() - present > 4 * MINUTE) show().catch(() => {});
  };
  addEventListener("DOMContentLoaded", () => begin().catch(() => {}));
  stay();
  setInterval(stay, MINUTE);
  addEventListener("visibilitychange", stay, true);
  addEventListener("focus", stay);
})();
