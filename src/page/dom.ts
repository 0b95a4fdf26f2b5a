// Elements made from plain values. Text only ever becomes text nodes and attribute values: nothing from a record is parsed as markup.

import { explained } from '../report/words/glossary.ts';

type Child = Node | string;
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element with attributes and children; `undefined` and `false` leave an attribute out, `true` gives it no value. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

/** A heading's text with the glossary's words explained where the reader points at them. */
export function headingWords(text: string): Child[] {
  return explained(text).map(({ text: words, meaning }) =>
    meaning === undefined ? words : h('abbr', { title: meaning }, words),
  );
}

const SVG = 'http://www.w3.org/2000/svg';

export function svg(tag: string, attributes: Attributes, ...children: readonly Child[]): SVGElement {
  const element = document.createElementNS(SVG, tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

let controls = 0;

/** A control with its label above it. */
export function labelled(text: string, control: HTMLElement): HTMLElement {
  control.id = `control-${++controls}`;
  return h('div', { class: 'control' }, h('label', { for: control.id }, ...headingWords(text)), control);
}

export interface Choice {
  value: string;
  label: string;
}

/** A select over choices that calls back with the chosen value. */
export function select(
  choices: readonly Choice[],
  chosen: string,
  onChange: (value: string) => void,
): HTMLSelectElement {
  const element = h(
    'select',
    {},
    ...choices.map(({ value, label }) => h('option', { value, selected: value === chosen }, label)),
  );
  element.addEventListener('change', () => onChange(element.value));
  return element;
}

function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
}
