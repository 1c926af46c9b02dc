// A new picture without leaving the page, the spoken digits in the page, and a proof of work in the background.
// Everything here is comfort: without it the form works with its picture, its link and its button.

const hex = (buffer) => Array.from(new Uint8Array(buffer), (b) => b.toString(16).padStart(2, "0")).join("");
const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

// altcha's scheme v2 with PBKDF2: find the counter whose derived key begins with the wanted prefix. The browser's own
// implementation runs off the page's thread, so nothing stutters and no worker is needed.
async function solve(challenge) {
  const p = challenge.parameters;
  const nonce = bytes(p.nonce);
  const salt = bytes(p.salt);
  const password = new Uint8Array(nonce.length + 4);
  password.set(nonce);
  const view = new DataView(password.buffer);
  const started = performance.now();
  for (let counter = 0; counter < 65536; counter += 1) {
    view.setUint32(nonce.length, counter);
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const bits = await crypto.subtle.deriveBits(
      { name: "PBKDF2", hash: "SHA-256", salt, iterations: p.cost },
      key,
      p.keyLength * 8,
    );
    const derivedKey = hex(bits);
    if (derivedKey.startsWith(p.keyPrefix)) {
      return { counter, derivedKey, time: performance.now() - started };
    }
  }
  return null;
}

async function prove(field) {
  const query = new URLSearchParams({ purpose: field.dataset.purpose, scope: field.dataset.scope });
  const answer = await fetch(`${field.dataset.proofUrl}?${query}`, { credentials: "same-origin" });
  if (!answer.ok) return;
  const challenge = await answer.json();
  const solution = await solve(challenge);
  if (!solution) return;
  field.value = btoa(JSON.stringify({ challenge, solution }));
  // A proof lives a short time: make another one a little before it ends, unless the page is out of sight.
  const left = challenge.parameters.expiresAt * 1000 - Date.now() - 15000;
  setTimeout(() => (document.hidden ? document.addEventListener("visibilitychange", () => prove(field), { once: true }) : prove(field)), Math.max(left, 5000));
}

function listen(box) {
  const link = box.querySelector("[data-captcha-audio]");
  const player = box.querySelector("[data-captcha-player]");
  if (!link || !player) return;
  link.addEventListener("click", (event) => {
    event.preventDefault();
    player.src = link.href;
    player.hidden = false;
    player.play().catch(() => player.focus());
  });
}

function refresh(box) {
  const button = box.querySelector("[data-captcha-refresh]");
  const image = box.querySelector("[data-captcha-image]");
  if (!button || !image) return;
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    const token = box.closest("form")?.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
    const body = new URLSearchParams({ purpose: box.dataset.purpose, scope: box.dataset.scope });
    try {
      const answer = await fetch(box.dataset.refreshUrl, {
        method: "POST",
        body,
        credentials: "same-origin",
        headers: { "X-CSRFToken": token, Accept: "application/json" },
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const made = await answer.json();
      box.querySelector("[data-captcha-key]").value = made.key;
      image.src = made.image;
      const link = box.querySelector("[data-captcha-audio]");
      if (link) link.href = made.audio;
      const player = box.querySelector("[data-captcha-player]");
      if (player) player.hidden = true;
      const field = box.querySelector("[name=captcha_answer]");
      field.value = "";
      field.focus();
    } catch {
      // The button's own way: the whole form goes to the server and comes back with a new picture.
      const field = Object.assign(document.createElement("input"), { type: "hidden", name: button.name, value: "1" });
      const form = box.closest("form");
      form?.append(field);
      form?.submit();
    }
  });
}

for (const box of document.querySelectorAll("[data-challenge]")) {
  listen(box);
  refresh(box);
}
if (globalThis.crypto?.subtle) {
  for (const field of document.querySelectorAll("[data-proof]")) prove(field).catch(() => {});
}
