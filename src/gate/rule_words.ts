// The words of a gates file that the command line knows too.

export const RULE_KINDS = ['exact', 'ratio', 'equivalent', 'history', 'against', 'cost'] as const;
export type RuleKind = (typeof RULE_KINDS)[number];

export const ON_INCONCLUSIVE = ['pass', 'fail', '3'] as const;
export type OnInconclusive = (typeof ON_INCONCLUSIVE)[number];
