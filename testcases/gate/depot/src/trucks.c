/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "depot.h"

void load_truck(void)
{
	move_crate(0, 7);
}

void unload_truck(void)
{
	move_crate(7, 0);
}

void swap_trucks(void)
{
	move_crate(7, 6);
}

void return_truck(void)
{
	move_crate(6, 0);
}
