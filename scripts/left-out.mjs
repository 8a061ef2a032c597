/** Packages that the bundle leaves out. lmdb reads its native addon from its own folder. */
export const LEFT_OUT = ['lmdb'];
