// Options of `p2plab layout`.
import type { Command } from 'commander';

export interface LayoutOptions {
  readonly btf?: string;
  readonly btfBase?: string;
  readonly json?: string | true;
}

export function define(command: Command): void {
  command
    .option(
      '--btf <file>',
      'BTF, or a vmlinux or module that holds it (default: /sys/kernel/btf/vmlinux and loaded modules)',
    )
    .option('--btf-base <file>', "the kernel's BTF for a module's (default: vmlinux in the same folder)")
    .option('--json [file]', 'the whole comparison as JSON to a file, or to stdout without a file or with -')
    .action(async (options: LayoutOptions) => (await import('../layout.ts')).layoutCommand(options));
}
