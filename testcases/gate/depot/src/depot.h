/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A depot of crates, with trucks and a yard. Written before anybody thought much of locks. */
#include <pthread.h>

struct depot {
	int crates[8];
	pthread_mutex_t lock;	/* no crate moves without it */
};

struct yard {
	int lots[8];
	pthread_mutex_t lock;	/* nor is a lot counted */
};

extern struct depot depot;
extern struct yard yard;

void move_crate(int from, int to);

void sort_crates(void);
void weigh_crate(void);
void label_crate(void);
void scan_crate(void);

void load_truck(void);
void unload_truck(void);
void swap_trucks(void);
void return_truck(void);

void park_trailer(void);
void fetch_trailer(void);
void clear_yard(void);
void fill_yard(void);

int count_lot(int lot);
int count_yard(void);

void *day_shift(void *turn);
void *night_shift(void *turn);
