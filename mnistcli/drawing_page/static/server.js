/* Predictions by HTTP requests to the server that sent the page. */
const backend = (() => {
  async function post(path, body) {
    const mebibytes = settings.maxBytes / 2 ** 20;
    if (body.size > settings.maxBytes) throw new Error(`An image has at most ${mebibytes} MiB.`);
    let response;
    try {
      response = await fetch(path, { method: "POST", body });
    } catch {
      throw new Error("The server does not answer. Is mnistcli draw still running?");
    }
    const reply = await response.json();
    if (!response.ok) throw new Error(reply.error);
    return reply;
  }

  async function predict() {
    const prediction = await post("predict", drawing.toFile());
    for (const digit of prediction.digits) digit.pixels = Uint8Array.from(atob(digit.image), (c) => c.charCodeAt(0));
    return prediction;
  }

  return {
    takesImages: true,
    predict,
    occlusionMap: async (digit) => (await post("occlusion", digit.pixels)).occlusion_map,
    correct: (label, digit) => post(`corrections?label=${label}&digit=${digit}`, drawing.toFile()),
  };
})();
