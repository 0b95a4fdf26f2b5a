// What a case of the hardship test is.

/** A hard condition, and what a command has to make of it. */
export interface HardCase {
  name: string;
  /** How it ends, for the table. */
  ends: string;
  /** Why it cannot be tried here. */
  skip?: (dir: string) => string | undefined;
  /** @param dir its own, empty @param temporary the temporary folder of the command @throws Error with what was not so */
  run(dir: string, temporary: string): Promise<void>;
}
