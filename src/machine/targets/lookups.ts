// lookups.wasm: the structures behind page-less schemes one by one, for tests against naive models.
import { Machine } from "../layout/machine";
import { takeState } from "../mm/scheme_state";
import { xaBytes, xaInit, xaLoad, xaStore } from "../mm/xarray";
import { P2pdmaProvider } from "../pci/provider";
import {
  buildHash as makeHash, buildRadix as makeRadix, buildTree as makeTree, findByHash, findInRadix, findInTree,
} from "../pci/provider_ranges";

export function buildHash(machine: usize): usize {
  return makeHash(changetype<Machine>(machine));
}
export function buildTree(machine: usize): usize {
  return makeTree(changetype<Machine>(machine));
}
export function buildRadix(machine: usize): usize {
  return makeRadix(changetype<Machine>(machine));
}

/** Number of the provider at `phys` (1: the machine's own), 0 for none. */
export function ownerByHash(at: usize, phys: u64): f64 {
  return ownerOf(findByHash(at, phys));
}
export function ownerInTree(at: usize, phys: u64): f64 {
  return ownerOf(findInTree(at, phys));
}
export function ownerInRadix(at: usize, phys: u64): f64 {
  return ownerOf(findInRadix(at, phys));
}

function ownerOf(provider: u32): f64 {
  return provider == 0 ? 0 : <f64>changetype<P2pdmaProvider>(<usize>provider).owner;
}

/** An empty array with room for `entries` entries anywhere. */
export function newArray(machine: usize, entries: u32): usize {
  const bytes = xaBytes(entries);
  const array = takeState(changetype<Machine>(machine), <u64>bytes);
  xaInit(array, bytes);
  return array;
}
export function arrayStore(array: usize, index: u32, value: u32): bool {
  return xaStore(array, index, value);
}
export function arrayLoad(array: usize, index: u32): u32 {
  return xaLoad(array, index);
}
