/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "depot.h"

static void work(void)
{
	sort_crates();
	weigh_crate();
	label_crate();
	scan_crate();
	load_truck();
	unload_truck();
	swap_trucks();
	return_truck();
	park_trailer();
	fetch_trailer();
	clear_yard();
	fill_yard();
}

int main(void)
{
	pthread_barrier_t turn;
	pthread_t day, night;

	pthread_barrier_init(&turn, NULL, 2);
	pthread_create(&day, NULL, day_shift, &turn);
	pthread_create(&night, NULL, night_shift, &turn);
	work();
	pthread_join(day, NULL);
	pthread_join(night, NULL);
	return count_yard();
}
