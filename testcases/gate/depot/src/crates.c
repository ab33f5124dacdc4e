/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "depot.h"

struct depot depot = { .lock = PTHREAD_MUTEX_INITIALIZER };

void move_crate(int from, int to)
{
	depot.crates[from]--;
	depot.crates[to]++;
}

void sort_crates(void)
{
	move_crate(0, 1);
}

void weigh_crate(void)
{
	move_crate(1, 2);
}

void label_crate(void)
{
	move_crate(2, 3);
}

void scan_crate(void)
{
	move_crate(3, 4);
}
