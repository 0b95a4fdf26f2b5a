// The arithmetic fio allows where a number is expected: `(4k*2)`, or around a keyword as in `2*$pagesize`.
// Grammar of fio's lex.l and expr.y: + - * / % ^ and parentheses, numbers with a unit.

/**
 * Evaluates an expression such as `(2*(4k+512))`.
 * @param readNumber reads one number with its unit, in the unit the option counts in; NaN when it is not one
 * @returns the value, or NaN when the text is not an expression
 */
export function evaluate(expression: string, readNumber: (text: string) => number): number {
  const tokens = expression.match(/\d[\w.]*|[-+*/%^()]|\S/g) ?? [];
  let next = 0;

  const atom = (): number => {
    const token = tokens[next++];
    if (token === '-') return -atom();
    if (token !== '(') return token === undefined ? Number.NaN : readNumber(token);
    const inner = sum();
    return tokens[next++] === ')' ? inner : Number.NaN;
  };
  const power = (): number => {
    const base = atom();
    if (tokens[next] !== '^') return base;
    next++;
    return base ** power();
  };
  const product = (): number => {
    let value = power();
    for (let operator = tokens[next]; operator && '*/%'.includes(operator); operator = tokens[next]) {
      next++;
      const right = power();
      value = operator === '*' ? value * right : operator === '/' ? value / right : value % right;
    }
    return value;
  };
  const sum = (): number => {
    let value = product();
    for (let operator = tokens[next]; operator && '+-'.includes(operator); operator = tokens[next]) {
      next++;
      const right = product();
      value = operator === '+' ? value + right : value - right;
    }
    return value;
  };

  const value = sum();
  return next === tokens.length ? value : Number.NaN;
}

/** Greatest common divisor. */
export function gcd(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : gcd(b, a % b);
}
