// Constants that asc's --use defines, for editors. asc itself type checks the machine at every build.

/** 1 in the counting build, 0 in the timed one. */
declare const COUNTING: i32;

/** Place of the host module's scheme among all variants: selects its state in a machine (mm/scheme_state). */
declare const SCHEME_SLOT: u32;
