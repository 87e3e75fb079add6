"use strict";
// Filters and hints. The page is whole without them: all that this adds is hidden until it runs.
(() => {
  const element = (id) => document.getElementById(id);

  // Findings.
  const form = element("filters");
  if (form) {
    const cards = Array.from(document.querySelectorAll(".card"), (card) => ({
      card,
      text: card.textContent.toLowerCase(),
      ...card.dataset,
    }));
    const filter = () => {
      const wanted = new FormData(form);
      const severities = new Set(wanted.getAll("severity"));
      const words = wanted.get("text").toLowerCase().split(/\s+/).filter(Boolean);
      let number = 0;
      for (const one of cards) {
        const fits =
          severities.has(one.severity) &&
          ["", one.kind].includes(wanted.get("kind")) &&
          ["", one.device].includes(wanted.get("device")) &&
          words.every((word) => one.text.includes(word));
        one.card.hidden = !fits;
        number += fits;
      }
      element("shown").textContent = `${number} of ${cards.length} shown`;
      element("none").hidden = number > 0;
    };
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    // A reset form has its old values only once the event is over.
    form.addEventListener("reset", () => setTimeout(filter));
    form.hidden = false;
    filter();
  }

  // The picture: a hint for the keyboard and for touch, which know no tooltips.
  const hint = element("hint");
  if (hint) {
    const usual = hint.textContent;
    const fabric = document.querySelector("svg.fabric");
    const wires = Array.from(fabric.querySelectorAll(".wire"), (wire) => ({
      wire,
      ends: wire.dataset.ends.split(" "),
    }));
    const point = (target) => {
      const part = target && target.closest(".box, .wire");
      const node = part && part.dataset.node;
      hint.textContent = part ? part.querySelector("title").textContent : usual;
      fabric.classList.toggle("pointed", Boolean(part));
      for (const { wire, ends } of wires) {
        wire.classList.toggle("hot", wire === part || ends.includes(node));
      }
    };
    for (const kind of ["pointerover", "focusin"]) {
      fabric.addEventListener(kind, (event) => point(event.target));
    }
    for (const kind of ["pointerleave", "focusout"]) {
      fabric.addEventListener(kind, () => point(null));
    }
    hint.hidden = false;
  }

  // Folding. What a link leads to, and what is printed, is open.
  const details = Array.from(document.querySelectorAll("details"));
  const folding = element("folding");
  if (folding) {
    folding.addEventListener("click", (event) => {
      if (event.target.dataset.fold === undefined) return;
      for (const one of document.querySelectorAll("details.device")) {
        one.open = event.target.dataset.fold === "open";
      }
    });
    folding.hidden = false;
  }
  const follow = () => {
    const target = element(decodeURIComponent(location.hash.slice(1)));
    const around = target && target.closest("details");
    if (around) {
      around.open = true;
      target.scrollIntoView();
    }
  };
  window.addEventListener("hashchange", follow);
  follow();
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = details.filter((one) => !one.open);
    for (const one of closed) one.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
  });
})();
