/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "depot.h"

void park_trailer(void)
{
	move_crate(4, 5);
}

void fetch_trailer(void)
{
	move_crate(5, 4);
}

void clear_yard(void)
{
	move_crate(5, 0);
}

void fill_yard(void)
{
	move_crate(0, 5);
}
