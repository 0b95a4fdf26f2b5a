// Whether SIGHUP was ignored when this process began, as nohup has it. Node gives every signal its default back before a script
// runs (src/node.cc, PlatformInit), so that the own status no longer tells. Two traces are left. Plain JavaScript: an older Node reads it.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** Bit of signal 1 in the masks of /proc/PID/status (proc(5), SigIgn). */
const HANGUP_BIT = 1n;

/**
 * True when the shell says that it started nohup (bash and zsh export the program's path as `_`), or when the parent itself ignores
 * SIGHUP, as a script under nohup does, or one with `trap '' HUP`. A shell that exports no `_` and starts nohup itself leaves no trace.
 */
export function isHangupIgnored(env = process.env, parentStatus = readStatus(process.ppid)) {
  if (basename(env._ ?? '') === 'nohup') return true;
  const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(parentStatus)?.[1];
  return mask !== undefined && (BigInt(`0x${mask}`) & HANGUP_BIT) !== 0n;
}

/** Empty where there is no such file: not on Linux, or the parent has gone. */
function readStatus(pid) {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
