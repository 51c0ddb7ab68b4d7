/* The page: predicts what is drawn. Requests are throttled, not debounced: one at a time, for the newest drawing. */
(() => {
  let isBusy = false;
  let predicted = 0; // version of the drawing
  let turns = 0; // of the occlusion map, to tell a stale one

  async function update() {
    if (isBusy) return; // until the loop below sees the change
    isBusy = true;
    setBusy("prediction", true);
    while (predicted !== drawing.version()) {
      predicted = drawing.version();
      await predict();
    }
    isBusy = false;
    setBusy("prediction", false);
    explain();
  }

  async function predict() {
    if (drawing.isEmpty()) {
      results.clear();
      return;
    }
    const changedAt = drawing.changedAt();
    try {
      const prediction = await backend.predict();
      if (!drawing.isEmpty()) results.show(prediction);
    } catch (error) {
      results.fail(error.message);
    }
    byId("prediction").dataset.milliseconds = Math.round(performance.now() - changedAt);
  }

  function setBusy(id, busy) {
    byId(id).setAttribute("aria-busy", busy);
  }

  /* The occlusion map takes longer than the prediction: it waits for the end of the stroke. */
  async function explain() {
    const digit = results.current();
    if (!digit || drawing.isDrawing()) return;
    const turn = ++turns;
    setBusy("map", true);
    try {
      digit.occlusionMap ??= await backend.occlusionMap(digit);
      if (digit.occlusionMap) results.showMap(digit, digit.occlusionMap);
    } catch (error) {
      results.fail(error.message);
    }
    if (turn === turns) setBusy("map", false);
  }

  function listenForCorrections() {
    for (let label = 0; label < 10; label++) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.addEventListener("click", () => correct(label));
      byId("labels").append(button);
    }
    allowCorrection();
  }

  function allowCorrection() {
    for (const button of byId("labels").children) {
      button.disabled = drawing.isEmpty();
      button.setAttribute("aria-pressed", "false");
    }
  }

  async function correct(label) {
    const stored = byId("stored");
    try {
      const reply = await backend.correct(label, results.chosen());
      for (const button of byId("labels").children) {
        button.setAttribute("aria-pressed", button.textContent === String(label));
      }
      stored.replaceChildren(...confirmation(label, reply));
    } catch (error) {
      const message = document.createElement("p");
      message.className = "warning";
      message.textContent = error.message;
      stored.replaceChildren(message);
    }
  }

  function confirmation(label, { path, count, command }) {
    const text = document.createElement("p");
    const drawings = count === 1 ? "1 drawing" : `${count} drawings`;
    text.textContent = `Stored as a ${label} in ${path} (${drawings} so far). With ten of each digit that you store, train with:`;
    const line = document.createElement("div");
    line.className = "command";
    const code = document.createElement("code");
    code.textContent = command;
    const copy = document.createElement("button");
    copy.type = "button";
    copy.textContent = "Copy";
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(command);
      copy.textContent = "Copied";
    });
    line.append(code, copy);
    return [text, line];
  }

  function setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    byId("theme").setAttribute("aria-pressed", theme === "dark");
    drawing.show();
  }

  function storage(action) {
    try {
      return action(localStorage);
    } catch {
      return null; // a page in a file may have none
    }
  }

  /* Dark mode: the theme of the system, until the user chooses one. */
  function listenForTheme() {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const stored = () => storage((values) => values.getItem("theme"));
    const apply = () => setTheme(stored() ?? (system.matches ? "dark" : "light"));
    system.addEventListener("change", apply);
    byId("theme").addEventListener("click", () => {
      const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
      storage((values) => values.setItem("theme", theme));
      setTheme(theme);
    });
    apply();
  }

  function start() {
    byId("model").textContent = `model: ${settings.model}`;
    byId("model").title = settings.model;
    results.listen(explain);
    drawing.listen(() => {
      allowCorrection();
      update();
    });
    if (backend.takesImages) drawing.listenForImages();
    if (backend.correct) listenForCorrections();
    else byId("correction").hidden = true;
    for (const one of document.querySelectorAll(".images")) one.hidden = !backend.takesImages;
    for (const one of document.querySelectorAll(".alone")) one.hidden = backend.takesImages;
    listenForTheme();
    backend.check?.();
  }

  start();
})();
