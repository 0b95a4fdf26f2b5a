// The form above the charts: every control changes the choices and calls back with them.
import { dimensionTitle, valueLabel } from '../report/select/dimensions.ts';
import { PAIR } from '../report/select/heat_map.ts';
import { ALL, AS_RECORDED, type Choices, type Offer } from './choices.ts';
import { h, labelled, select } from './dom.ts';

export function controls(offer: Offer, first: Choices, onChange: (choices: Choices) => void): HTMLElement {
  let choices = first;
  const change = (changed: Partial<Choices>): void => {
    choices = { ...choices, ...changed };
    onChange(choices);
  };
  const metric = select(
    offer.metrics.map(({ key, sentence }) => ({ value: key, label: sentence })),
    first.metric.key,
    (key) => change({ metric: offer.metrics.find((each) => each.key === key) ?? first.metric }),
  );
  const reference = select(
    [
      { value: AS_RECORDED, label: 'as the run compared them' },
      ...offer.references.map((name) => ({ value: name, label: name })),
    ],
    first.reference,
    (name) => change({ reference: name }),
  );
  return h(
    'form',
    { class: 'controls', 'aria-label': 'What the charts show' },
    labelled('Metric', metric),
    labelled('Measured against', reference),
    ...axisControls(offer, first, change, () => choices),
    ...conditionControls(offer, (key, value) =>
      change({ conditions: new Map([...choices.conditions, [key, value] as const]) }),
    ),
    schemeControl(offer, (hiddenSchemes) => change({ hiddenSchemes })),
  );
}

/** Rows and columns of the heat map. Choosing for one what the other has swaps them. */
function axisControls(
  { axes }: Offer,
  first: Choices,
  change: (changed: Partial<Choices>) => void,
  now: () => Choices,
): HTMLElement[] {
  const options = axes.map((key) => ({ value: key, label: key === PAIR ? 'compared schemes' : dimensionTitle(key) }));
  if (options.length < 2) return [];
  const set = (axis: 'x' | 'y', value: string): void => {
    const { x, y } = now().axes;
    const next = axis === 'x' ? { x: value, y: value === y ? x : y } : { y: value, x: value === x ? y : x };
    columns.value = next.x;
    rows.value = next.y;
    change({ axes: next });
  };
  const columns = select(options, first.axes.x, (value) => set('x', value));
  const rows = select(options, first.axes.y, (value) => set('y', value));
  return [labelled('Heat map columns', columns), labelled('Heat map rows', rows)];
}

function conditionControls({ conditions }: Offer, onChange: (key: string, value: string) => void): HTMLElement[] {
  return conditions.map(({ key, values }) =>
    labelled(
      dimensionTitle(key),
      select(
        [{ value: ALL, label: 'all' }, ...values.map((value) => ({ value, label: valueLabel(value, key) }))],
        ALL,
        (value) => onChange(key, value),
      ),
    ),
  );
}

function schemeControl({ schemes, look }: Offer, onChange: (hidden: ReadonlySet<string>) => void): HTMLElement {
  const boxes = schemes.map((scheme) => {
    const box = h('input', { type: 'checkbox', checked: true });
    box.addEventListener('change', () =>
      onChange(new Set(schemes.filter((_, i) => !(boxes[i] as { box: HTMLInputElement }).box.checked))),
    );
    return { box, scheme };
  });
  return h(
    'fieldset',
    {},
    h('legend', {}, 'Schemes'),
    ...boxes.map(({ box, scheme }) => {
      const swatch = h('span', { class: 'swatch', 'aria-hidden': 'true' });
      swatch.style.background = look.schemes.get(scheme)?.colour ?? '';
      return h('label', {}, box, swatch, scheme);
    }),
  );
}
