"use strict";

const byId = (id) => document.getElementById(id);
const settings = JSON.parse(byId("settings").textContent);

/*
 * The drawing: strokes and images, in the order in which they were made. What is visible is
 * everything after the last image or clearing, so that each step can be undone.
 */
const drawing = (() => {
  const WIDTH = 640; // the canvas has this many units across, whatever its size on the screen
  const STEP = 12; // of the pen by the keyboard
  const FINE_STEP = 3;
  const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const paper = byId("paper");
  const canvas = byId("canvas");
  const steps = [];
  const pressed = new Set(); // arrow keys, so that two of them move the pen diagonally
  let height = 400;
  let stroke = null;
  let pointer = null;
  let cursor = null; // of the keyboard

  let version = 0;
  let changedAt = 0; // milliseconds
  let onChange = () => {};

  function visible() {
    const start = steps.findLastIndex((step) => step.kind !== "stroke");
    return start >= 0 && steps[start].kind === "clear" ? steps.slice(start + 1) : steps.slice(Math.max(start, 0));
  }

  function image() {
    const first = visible()[0];
    return first && first.kind === "image" ? first : null;
  }

  function trace(context, { points, width }) {
    context.lineWidth = width;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    const [x, y] = points[0];
    context.moveTo(x, y);
    if (points.length < 3) {
      const [lastX, lastY] = points[points.length - 1];
      context.lineTo(lastX + 0.01, lastY); // a stroke of no length would have no ink
    } else {
      for (let i = 1; i < points.length - 1; i++) {
        const [a, b] = points[i];
        const [c, d] = points[i + 1];
        context.quadraticCurveTo(a, b, (a + c) / 2, (b + d) / 2);
      }
      context.lineTo(...points[points.length - 1]);
    }
    context.stroke();
  }

  /* Draw all strokes, black on white: what is predicted, whatever the theme is. */
  function render(strokes = visible()) {
    const offscreen = document.createElement("canvas");
    offscreen.width = WIDTH;
    offscreen.height = height;
    const context = offscreen.getContext("2d", { willReadFrequently: true });
    context.fillStyle = "#fff";
    context.fillRect(0, 0, WIDTH, height);
    context.strokeStyle = "#000";
    for (const step of strokes) if (step.kind === "stroke") trace(context, step);
    return offscreen;
  }

  function show() {
    const shown = visible();
    const scale = canvas.width / WIDTH;
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.scale(scale, scale);
    context.fillStyle = context.strokeStyle = getComputedStyle(canvas).color;
    if (image()) showImage(context, image());
    for (const step of shown) if (step.kind === "stroke") trace(context, step);
    byId("placeholder").hidden = shown.length > 0;
    byId("undo").disabled = steps.length === 0;
    byId("clear").disabled = shown.length === 0;
  }

  function showImage(context, { file, bitmap }) {
    if (!bitmap) {
      context.font = "20px sans-serif";
      context.textAlign = "center";
      context.fillText(file.name, WIDTH / 2, height / 2, WIDTH);
      return;
    }
    const fit = Math.min(WIDTH / bitmap.width, height / bitmap.height);
    const [w, h] = [bitmap.width * fit, bitmap.height * fit];
    context.drawImage(bitmap, (WIDTH - w) / 2, (height - h) / 2, w, h);
  }

  function changed() {
    version++;
    changedAt = performance.now();
    show();
    onChange();
  }

  function resize() {
    const box = canvas.getBoundingClientRect();
    const ratio = Math.max(window.devicePixelRatio || 1, 1); // above 1 on a high-DPI screen
    canvas.width = Math.round(box.width * ratio);
    canvas.height = Math.round(box.height * ratio);
    height = Math.round((WIDTH * box.height) / box.width);
    if (cursor) movePen(cursor);
    show();
  }

  function begin(point) {
    if (image()) steps.push({ kind: "clear" }); // a drawing replaces an image
    stroke = { kind: "stroke", points: [point], width: Number(byId("width").value) };
    steps.push(stroke);
    changed();
  }

  function extend(point) {
    const [x, y] = stroke.points[stroke.points.length - 1];
    if (Math.hypot(point[0] - x, point[1] - y) < 1.5) return;
    stroke.points.push(point);
    changed();
  }

  function end() {
    stroke = pointer = null;
    byId("pen").classList.remove("down");
    onChange();
  }

  function undo() {
    if (stroke) end();
    steps.pop();
    changed();
  }

  function clear() {
    if (stroke) end();
    if (visible().length) steps.push({ kind: "clear" });
    changed();
  }

  async function addImage(file) {
    if (!file) return;
    const bitmap = await createImageBitmap(file).catch(() => null); // HEIC is not shown, but read
    steps.push({ kind: "image", file, bitmap });
    changed();
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * WIDTH) / box.width, ((event.clientY - box.top) * height) / box.height];
  }

  function movePen([x, y]) {
    cursor = [Math.min(Math.max(x, 0), WIDTH), Math.min(Math.max(y, 0), height)];
    byId("pen").style.left = `${(cursor[0] * 100) / WIDTH}%`;
    byId("pen").style.top = `${(cursor[1] * 100) / height}%`;
  }

  /* Draw with the keyboard, for accessibility. */
  function press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in MOVES) {
      pressed.add(event.key);
      const step = event.shiftKey ? FINE_STEP : STEP;
      const moves = [...pressed].map((key) => MOVES[key]);
      const total = (axis) => moves.reduce((sum, move) => sum + move[axis], 0);
      movePen([cursor[0] + step * total(0), cursor[1] + step * total(1)]);
      if (stroke) extend(cursor);
    } else if (event.key === " ") {
      if (event.repeat) return;
      if (stroke) {
        end();
      } else {
        begin(cursor);
        byId("pen").classList.add("down");
      }
    } else if (event.key === "Delete" || event.key === "Backspace") {
      clear();
    } else {
      return;
    }
    event.preventDefault();
  }

  /* Listen to pointer events, which are those of mouse, touch and stylus, and to the keyboard. */
  function listen(whenChanged) {
    onChange = whenChanged;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || pointer !== null) return;
      if (stroke) end();
      pointer = event.pointerId;
      canvas.setPointerCapture(pointer);
      begin(place(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerId !== pointer) return;
      const events = event.getCoalescedEvents?.() ?? [];
      for (const one of events.length ? events : [event]) extend(place(one));
    });
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, (event) => event.pointerId === pointer && end());
    }
    canvas.addEventListener("keydown", press);
    canvas.addEventListener("keyup", (event) => pressed.delete(event.key));
    canvas.addEventListener("focus", () => movePen(cursor ?? [WIDTH / 2, height / 2]));
    canvas.addEventListener("blur", () => {
      pressed.clear();
      if (stroke && pointer === null) end();
    });
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
        event.preventDefault();
        undo();
      }
    });
    byId("undo").addEventListener("click", undo);
    byId("clear").addEventListener("click", clear);
    window.addEventListener("resize", resize);
    resize();
  }

  /* Images come from a file, by drag and drop, or from the clipboard. */
  function listenForImages() {
    byId("open").addEventListener("click", () => byId("file").click());
    byId("file").addEventListener("change", (event) => {
      addImage(event.target.files[0]);
      event.target.value = ""; // the same file may be chosen again
    });
    document.addEventListener("paste", (event) => addImage(event.clipboardData.files[0]));
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      paper.classList.add("over");
    });
    document.addEventListener("dragleave", () => paper.classList.remove("over"));
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      paper.classList.remove("over");
      addImage(event.dataTransfer.files[0]);
    });
  }

  /* The gray levels of the drawing, black on white, one byte per pixel. */
  function toGray() {
    const { data } = render().getContext("2d").getImageData(0, 0, WIDTH, height);
    const gray = new Uint8Array(WIDTH * height);
    for (let i = 0; i < gray.length; i++) gray[i] = data[4 * i];
    return { gray, width: WIDTH, height };
  }

  /*
   * The image to predict: the file of an image, else the strokes in the format PGM. Browsers
   * delay the encoding of a PNG by up to a second.
   */
  function toFile() {
    const file = image()?.file;
    if (file) return file;
    const { gray, width, height: rows } = toGray();
    return new Blob([`P5\n${width} ${rows}\n255\n`, gray]);
  }

  return {
    listen,
    listenForImages,
    show,
    toFile,
    toGray,
    isEmpty: () => visible().length === 0,
    isDrawing: () => stroke !== null,
    version: () => version,
    changedAt: () => changedAt,
  };
})();
