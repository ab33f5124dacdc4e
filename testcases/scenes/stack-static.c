/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * As stack-reuse, with a lock that is never destroyed, since nobody has to: it has a static initialiser, and is gone with
 * its function. The next round's lies at the same address and is taken in the other order. They are two locks.
 *
 * model: posix
 * broken: order:inversion assumed; locks journal one_round.whole_day; functions post audit
 */
#define STATIC_INITIALISER
#include "stack-reuse.c"
