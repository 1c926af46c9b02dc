"use strict";
// Everything works without this file. It adds three comforts: the error summary gets the focus, a form that is on its
// way is not sent twice, and the time left of a hold counts down beside the server's own words.

(() => {
  const summary = document.querySelector(".error-summary");
  if (summary) summary.focus();

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
  });
  // The browser may show this page again from memory after "back": the forms on it are fresh then.
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });

  for (const place of document.querySelectorAll("[data-until]")) {
    const until = Date.parse(place.dataset.until);
    // The visitor's clock may be wrong: only the time that passes is taken from it.
    const skew = Date.parse(place.dataset.now) - Date.now();
    const show = () => {
      const left = Math.max(0, Math.round((until - Date.now() - skew) / 1000));
      const minutes = Math.floor(left / 60);
      place.textContent = `${minutes}:${String(left % 60).padStart(2, "0")}`;
      if (left > 0) window.setTimeout(show, 1000);
    };
    if (until - Date.now() - skew < 3600e3) {
      place.closest("[hidden]")?.removeAttribute("hidden");
      show();
    }
  }
})();
