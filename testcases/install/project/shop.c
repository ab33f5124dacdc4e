/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "shop.h"

void shelf_add(struct shop *shop)
{
	shop->shelves++;
}

void shelf_remove(struct shop *shop)
{
	shop->shelves--;
}

int main(void)
{
	struct shop shop = { .shelves = 0 };

	pthread_mutex_init(&shop.lock, NULL);
	pthread_mutex_lock(&shop.lock);
	shelf_add(&shop);
	pthread_mutex_unlock(&shop.lock);
	shelf_remove(&shop);
	return till_close();
}
