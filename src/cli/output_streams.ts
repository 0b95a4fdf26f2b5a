// stdout and stderr that break: a reader that has gone (`| head`) is no error and nothing to speak of; a disk that is full is one,
// but ends nothing: what a command leaves in files is written, and its verdict stands.
import { fstatSync, writeSync } from 'node:fs';
import { EXIT } from '../base/errors.ts';

/** Errors of a stream that has broken before. */
const LATER = ['ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END'];

/** Watches both streams to the end of the process; a failed stdout turns exit code 0 into 4. */
export function watchOutputStreams(): void {
  let failure: NodeJS.ErrnoException | undefined;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && !LATER.includes(error.code ?? '')) failure ??= error;
  });
  // There is no place left to say what happens to stderr.
  process.stderr.on('error', () => {});
  writeWhole(process.stdout);
  process.on('exit', (code) => {
    if (failure === undefined) return;
    process.stderr.write(
      `p2plab: cannot write to stdout (${failure.message}); files that the command names were written\n`,
    );
    if (code === EXIT.ok) process.exitCode = EXIT.runFailed;
  });
}

/** Node takes a file that took half of a text, because its disk is full, for one that took all of it. */
function writeWhole(stream: typeof process.stdout): void {
  if (!isFile(stream.fd)) return;
  stream._write = (chunk, encoding, done) => {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk as string, encoding);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(stream.fd, bytes, at);
      done();
    } catch (error) {
      done(error as Error);
    }
  };
}

function isFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile();
  } catch {
    return false;
  }
}
