/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "depot.h"

struct yard yard = { .lock = PTHREAD_MUTEX_INITIALIZER };

int count_lot(int lot)
{
	return yard.lots[lot];
}

int count_yard(void)
{
	int sum = 0;

	pthread_mutex_lock(&yard.lock);
	for (int lot = 0; lot < 8; lot++)
		sum += count_lot(lot);
	pthread_mutex_unlock(&yard.lock);
	return sum;
}
