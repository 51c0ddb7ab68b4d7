/* The forward pass of a convolutional network in JavaScript, in float32; arrays have the shape (height, width, channels). */
class Network {
  /*
   * layers: what drawing_page/network.py lists; buffer: the weights of all layers, one after another.
   */
  constructor(layers, buffer) {
    let start = 0;
    const take = (size, bytesPerWeight) => {
      const bytes = buffer.slice(start, (start += size * bytesPerWeight));
      return bytesPerWeight === 2 ? Float32Array.from(new Uint16Array(bytes), Network.fromFloat16) : new Float32Array(bytes);
    };
    this.layers = layers.map((layer) => ({
      ...layer,
      weights: layer.sizes.map((size, index) => take(size, layer.bytesPerWeight[index])),
    }));
  }

  /* The value of the 16 bits of a finite float16 (half precision); not all browsers have Float16Array. */
  static fromFloat16(bits) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    return sign * (exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction);
  }

  /* The probabilities of a digit in MNIST format, 784 gray levels. */
  predict(pixels) {
    let values = { height: 28, width: 28, channels: 1, data: Float32Array.from(pixels, (value) => value / 255) };
    for (const layer of this.layers) values = Network[layer.kind](values, layer);
    return Array.from(values.data);
  }

  static convolution({ height, width, channels, data }, { size, strides, filters, same, weights }) {
    const [kernel, bias] = weights;
    const outHeight = same ? Math.ceil(height / strides[0]) : Math.floor((height - size[0]) / strides[0]) + 1;
    const outWidth = same ? Math.ceil(width / strides[1]) : Math.floor((width - size[1]) / strides[1]) + 1;
    const before = (out, step, span, length) => (same ? Math.floor(Math.max((out - 1) * step + span - length, 0) / 2) : 0);
    const top = before(outHeight, strides[0], size[0], height);
    const left = before(outWidth, strides[1], size[1], width);
    const out = new Float32Array(outHeight * outWidth * filters);
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        const base = (oy * outWidth + ox) * filters;
        if (bias) out.set(bias, base);
        for (let ky = 0; ky < size[0]; ky++) {
          const y = oy * strides[0] + ky - top;
          if (y < 0 || y >= height) continue;
          for (let kx = 0; kx < size[1]; kx++) {
            const x = ox * strides[1] + kx - left;
            if (x < 0 || x >= width) continue;
            const from = (y * width + x) * channels;
            for (let c = 0; c < channels; c++) {
              const value = data[from + c];
              if (value === 0) continue; // half of the values, after a ReLU
              const row = ((ky * size[1] + kx) * channels + c) * filters;
              for (let f = 0; f < filters; f++) out[base + f] += value * kernel[row + f];
            }
          }
        }
      }
    }
    return { height: outHeight, width: outWidth, channels: filters, data: out };
  }

  static pooling({ height, width, channels, data }, { size, strides }) {
    const outHeight = Math.floor((height - size[0]) / strides[0]) + 1;
    const outWidth = Math.floor((width - size[1]) / strides[1]) + 1;
    const out = new Float32Array(outHeight * outWidth * channels).fill(-Infinity);
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        for (let y = oy * strides[0]; y < oy * strides[0] + size[0]; y++) {
          for (let x = ox * strides[1]; x < ox * strides[1] + size[1]; x++) {
            for (let c = 0; c < channels; c++) {
              const to = (oy * outWidth + ox) * channels + c;
              out[to] = Math.max(out[to], data[(y * width + x) * channels + c]);
            }
          }
        }
      }
    }
    return { height: outHeight, width: outWidth, channels, data: out };
  }

  /* Batch normalization with its fixed statistics: a factor and an offset per channel. */
  static scaling(values, { weights: [factor, offset] }) {
    const { channels } = values;
    return { ...values, data: values.data.map((value, i) => value * factor[i % channels] + offset[i % channels]) };
  }

  static dense({ data }, { units, weights: [kernel, bias] }) {
    const out = new Float32Array(units);
    if (bias) out.set(bias);
    data.forEach((value, i) => {
      for (let u = 0; u < units; u++) out[u] += value * kernel[i * units + u];
    });
    return { height: 1, width: 1, channels: units, data: out };
  }

  static relu(values) {
    return { ...values, data: values.data.map((value) => Math.max(value, 0)) };
  }

  static softmax(values) {
    const highest = Math.max(...values.data);
    const exponentials = Array.from(values.data, (value) => Math.exp(value - highest));
    const total = exponentials.reduce((sum, exponential) => sum + exponential);
    return { ...values, data: exponentials.map((exponential) => exponential / total) };
  }
}
