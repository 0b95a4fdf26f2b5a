// The scheme of the host module that is being compiled. The build reads this file as `export { Scheme } from "./schemes/NAME"` for
// each scheme of the folder (src/compile/targets.ts); an editor sees the page scheme.
export { Scheme } from "./schemes/page";
