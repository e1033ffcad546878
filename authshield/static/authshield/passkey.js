// Passkeys: offered in the name field, asked for on the challenge page, made on the page of a new one.
(() => {
  "use strict";

  const api = window.PublicKeyCredential;
  const RENEW_MS = 540000; // before the site's challenge is too old

  const show = (form, name) => {
    for (const part of form.querySelectorAll("[data-when]")) {
      part.hidden = part.dataset.when !== name;
    }
  };

  const ready = new WeakSet();

  // By the event, so that whatever else looks at forms before they are sent sees this one whole.
  const send = (form, credential) => {
    form.elements.token.value = JSON.stringify(credential);
    ready.add(form);
    form.requestSubmit(form.querySelector("[type=submit]"));
  };

  const get = (json, more) =>
    navigator.credentials.get({ publicKey: api.parseRequestOptionsFromJSON(json), ...more });

  const ask = async (form) => {
    if (form.dataset.passkey === "new") {
      const publicKey = api.parseCreationOptionsFromJSON(JSON.parse(form.dataset.options));
      return navigator.credentials.create({ publicKey });
    }
    return get(form.dataset.options ? JSON.parse(form.dataset.options) : await fetched(form));
  };

  const fetched = async (form) => {
    const answer = await fetch(form.dataset.from, { credentials: "same-origin" });
    return answer.status === 200 ? (await answer.json()).publicKey : null;
  };

  let waiting = null;

  // Stays unseen until the person picks a passkey in the name field.
  const offer = async (form) => {
    const options = await fetched(form);
    if (!options) {
      return;
    }
    form.hidden = false;
    for (const field of document.querySelectorAll("input[autocomplete=username]")) {
      field.autocomplete = "username webauthn";
    }
    if (!(await api.isConditionalMediationAvailable?.())) {
      return;
    }
    waiting = new AbortController();
    const renewal = setTimeout(() => waiting.abort("old"), RENEW_MS);
    const { signal } = waiting;
    try {
      send(form, await get(options, { mediation: "conditional", signal }));
    } catch {
      if (signal.reason === "old") {
        offer(form);
      }
    } finally {
      clearTimeout(renewal);
    }
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!api?.parseRequestOptionsFromJSON) {
      show(form, "missing");
      continue;
    }
    if (form.dataset.from) {
      offer(form).catch(() => {});
    }
    form.addEventListener("submit", async (event) => {
      if (ready.has(form) || event.submitter?.value === "cancel") {
        return;
      }
      event.preventDefault();
      waiting?.abort("asked");
      try {
        send(form, await ask(form));
      } catch {
        show(form, "failed");
      }
    });
  }
})();
