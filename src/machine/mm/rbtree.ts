// Red-black trees over nodes that begin with (parent and colour, right, left), as struct rb_node (include/linux/rbtree.h).
// Written from the textbook's cases, not from lib/rbtree.c. Address 0 is the empty tree and counts as black.

/** struct rb_node, 24 bytes. */
@unmanaged
export class RbNode {
  /** Parent's address; bit 0: black. */
  parentColor: u64;
  right: u64;
  left: u64;
}

const BLACK: u64 = 1;

@inline
function nodeAt(at: usize): RbNode {
  return changetype<RbNode>(at);
}

@inline
function parentOf(at: usize): usize {
  return <usize>(nodeAt(at).parentColor & ~BLACK);
}

@inline
function leftOf(at: usize): usize {
  return <usize>nodeAt(at).left;
}

@inline
function rightOf(at: usize): usize {
  return <usize>nodeAt(at).right;
}

@inline
function isBlack(at: usize): bool {
  return at == 0 || (nodeAt(at).parentColor & BLACK) != 0;
}

@inline
function setParent(at: usize, parent: usize): void {
  nodeAt(at).parentColor = <u64>parent | (nodeAt(at).parentColor & BLACK);
}

@inline
function setBlack(at: usize, black: bool): void {
  nodeAt(at).parentColor = <u64>parentOf(at) | (black ? BLACK : 0);
}

/** Puts `child` where `old` hangs below `parent`. Returns the root. */
function relink(root: usize, parent: usize, old: usize, child: usize): usize {
  if (parent == 0) return child;
  if (leftOf(parent) == old) nodeAt(parent).left = <u64>child;
  else nodeAt(parent).right = <u64>child;
  return root;
}

/** Lets the child of `at` on the other side take its place. Returns the root. */
function rotate(root: usize, at: usize, toLeft: bool): usize {
  const up = toLeft ? rightOf(at) : leftOf(at);
  const inner = toLeft ? leftOf(up) : rightOf(up);
  if (toLeft) {
    nodeAt(at).right = <u64>inner;
    nodeAt(up).left = <u64>at;
  } else {
    nodeAt(at).left = <u64>inner;
    nodeAt(up).right = <u64>at;
  }
  if (inner != 0) setParent(inner, at);
  const parent = parentOf(at);
  setParent(up, parent);
  setParent(at, up);
  return relink(root, parent, at, up);
}

/** rb_link_node and rb_insert_color: hangs the node below `parent` (0: the tree is empty) and balances. Returns the root. */
export function rbInsert(treeRoot: usize, node: usize, parent: usize, isLeft: bool): usize {
  nodeAt(node).parentColor = <u64>parent;
  nodeAt(node).left = 0;
  nodeAt(node).right = 0;
  let root = treeRoot;
  if (parent == 0) root = node;
  else if (isLeft) nodeAt(parent).left = <u64>node;
  else nodeAt(parent).right = <u64>node;
  let at = node;
  while (at != root && !isBlack(parentOf(at))) {
    let up = parentOf(at);
    const grand = parentOf(up);
    const upIsLeft = leftOf(grand) == up;
    const uncle = upIsLeft ? rightOf(grand) : leftOf(grand);
    if (!isBlack(uncle)) {
      setBlack(up, true);
      setBlack(uncle, true);
      setBlack(grand, false);
      at = grand;
      continue;
    }
    if (at == (upIsLeft ? rightOf(up) : leftOf(up))) {
      root = rotate(root, up, upIsLeft);
      up = at;
    }
    setBlack(up, true);
    setBlack(grand, false);
    root = rotate(root, grand, !upIsLeft);
    break;
  }
  setBlack(root, true);
  return root;
}

/** rb_erase. Returns the root. */
export function rbErase(treeRoot: usize, node: usize): usize {
  let root = treeRoot;
  let child: usize;
  let parent: usize;
  let lostBlack: bool;
  if (leftOf(node) == 0 || rightOf(node) == 0) {
    child = leftOf(node) != 0 ? leftOf(node) : rightOf(node);
    parent = parentOf(node);
    lostBlack = isBlack(node);
    if (child != 0) setParent(child, parent);
    root = relink(root, parent, node, child);
  } else {
    let next = rightOf(node);
    while (leftOf(next) != 0) next = leftOf(next);
    child = rightOf(next);
    lostBlack = isBlack(next);
    parent = parentOf(next);
    if (parent == node) {
      parent = next;
    } else {
      if (child != 0) setParent(child, parent);
      nodeAt(parent).left = <u64>child;
      nodeAt(next).right = nodeAt(node).right;
      setParent(rightOf(next), next);
    }
    nodeAt(next).left = nodeAt(node).left;
    setParent(leftOf(next), next);
    const above = parentOf(node);
    nodeAt(next).parentColor = nodeAt(node).parentColor;
    root = relink(root, above, node, next);
  }
  return lostBlack ? balanceErased(root, child, parent) : root;
}

/** Paths through `start` have one black node too few. */
function balanceErased(treeRoot: usize, start: usize, startParent: usize): usize {
  let root = treeRoot;
  let at = start;
  let parent = startParent;
  while (at != root && isBlack(at)) {
    const atIsLeft = leftOf(parent) == at;
    let sibling = atIsLeft ? rightOf(parent) : leftOf(parent);
    if (!isBlack(sibling)) {
      setBlack(sibling, true);
      setBlack(parent, false);
      root = rotate(root, parent, atIsLeft);
      sibling = atIsLeft ? rightOf(parent) : leftOf(parent);
    }
    const near = atIsLeft ? leftOf(sibling) : rightOf(sibling);
    let far = atIsLeft ? rightOf(sibling) : leftOf(sibling);
    if (isBlack(near) && isBlack(far)) {
      setBlack(sibling, false);
      at = parent;
      parent = parentOf(at);
      continue;
    }
    if (isBlack(far)) {
      setBlack(near, true);
      setBlack(sibling, false);
      root = rotate(root, sibling, !atIsLeft);
      sibling = near;
      far = atIsLeft ? rightOf(sibling) : leftOf(sibling);
    }
    setBlack(sibling, isBlack(parent));
    setBlack(parent, true);
    setBlack(far, true);
    root = rotate(root, parent, atIsLeft);
    at = root;
    break;
  }
  if (at != 0) setBlack(at, true);
  return root;
}

/** rb_next: 0 behind the last. */
export function rbNext(node: usize): usize {
  if (rightOf(node) != 0) {
    let at = rightOf(node);
    while (leftOf(at) != 0) at = leftOf(at);
    return at;
  }
  let at = node;
  let parent = parentOf(at);
  while (parent != 0 && rightOf(parent) == at) {
    at = parent;
    parent = parentOf(at);
  }
  return parent;
}

/** rb_prev: 0 before the first. */
export function rbPrev(node: usize): usize {
  if (leftOf(node) != 0) {
    let at = leftOf(node);
    while (rightOf(at) != 0) at = rightOf(at);
    return at;
  }
  let at = node;
  let parent = parentOf(at);
  while (parent != 0 && leftOf(parent) == at) {
    at = parent;
    parent = parentOf(at);
  }
  return parent;
}
