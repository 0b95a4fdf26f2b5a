// What the options of a run refuse, each by the parser itself; test/cli.test.ts has one of each kind through the command line.
import { describe, expect, it } from 'vitest';
import { jobFile } from '../../test/support/cli.ts';
import { smallRun } from '../../test/support/small_run.ts';

/** A user's mistake, of the parser of words (commander.*) or of what they mean. */
const refused = (message: RegExp) =>
  expect.objectContaining({
    name: expect.stringMatching(/^(LabError|CommanderError)$/),
    message: expect.stringMatching(message),
  });

describe('words of the command line', () => {
  it.each<[string, string[], RegExp]>([
    ['unknown scheme', ['--scheme', 'pge'], /unknown scheme 'pge', did you mean 'page'/],
    ['unknown unit', ['--bar', '16GG'], /--bar: '16GG' is not a size/],
    ['BAR that is no power of two', ['--bar', '3GiB'], /--bar: '3GiB' must be a power of two/],
    ['unknown word', ['--payload', 'mov'], /'mov' is none of none, move, verify, did you mean 'move'/],
    ['--set without a key', ['--set', '=3'], /--set '=3': expected key=value/],
    ['depth over the queue', ['--set', 'iodepth=2000'], /iodepth.*1023/s],
    ['a size that is no number', ['--set', 'size=much'], /size/],
    ['a second drive where nothing is copied', ['--client-b', '0000:05:00.0'], /add --flow copy/],
    [
      'an RNIC that the preset has',
      ['--flow', 'nvmet', '--rnic', '0000:05:00.0'],
      /--rnic: the preset one-switch has its own/,
    ],
    [
      'an IOMMU that a target cannot have',
      ['--flow', 'nvmet', '--iommu', 'strict'],
      /--iommu strict: .*take --iommu off or passthrough/,
    ],
    ['inline data over its most', ['--flow', 'nvmet', '--inline-data', '32KiB'], /--inline-data: '32KiB' must be/],
    ['removal before anything', ['--remove-at', '0%'], /expected a share/],
    ['removal after everything', ['--remove-at', '100%'], /expected a share/],
    ['removal at a number', ['--remove-at', '50'], /expected a share/],
    ['removal at a word', ['--remove-at', 'half'], /expected a share/],
    ['a hole without a removal', ['--hole', 'empty'], /add --remove-at/],
    ['an unknown hole', ['--remove-at', '50%', '--hole', 'open'], /'open' is none of/],
    ['removal of what nobody uses', ['--remove-at', '50%', '--p2p-share', '0'], /--p2p-share 0/],
    ['removal without counts', ['--remove-at', '50%', '--refcount', 'plain'], /--refcount plain/],
    ['removal from a copy', ['--remove-at', '50%', '--flow', 'copy'], /use --flow direct/],
  ])('refuse %s', async (_, words, message) => {
    await expect(smallRun(words)).rejects.toEqual(refused(message));
  });
});

describe('a job file', () => {
  it.each<[string, string, RegExp, string[]?]>([
    ['an unknown option', '[a]\nrw=randread\nblah=3\n', /job\.fio:3:.*blah/],
    ['no section', 'rw=read\n', /job\.fio: no line begins a section/],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: fio's syntax for a variable
    ['a variable that is not set', '[a]\nbs=${NOT_SET_ANYWHERE}\n', /job\.fio:2:.*NOT_SET_ANYWHERE/s],
    ['what the lab has not', '[a]\nthinkcycles=10\n', /job\.fio:2:.*thinkcycles/s],
    [
      'half of a rate',
      '[a]\nrw=randrw\nrate_iops=1000,0\n',
      /job\.fio:3:.*rate_iops=1000,0.*reads and writes or for neither/s,
    ],
    ['a flush in a copy', '[a]\nrw=write\nfsync=1\n', /\.fio:3: \[a\] fsync=1: flow copy/, ['--flow', 'copy']],
  ])('with %s is refused at its line', async (_, text, message, words = []) => {
    await expect(smallRun(words, jobFile(text))).rejects.toEqual(refused(message));
  });
});
