// chartjs-node-canvas asks for node-canvas; @napi-rs/canvas offers the same interface without a native build.
module.exports = require('@napi-rs/canvas/node-canvas.js');
