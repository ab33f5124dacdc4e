/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include <pthread.h>

struct shop {
	pthread_mutex_t lock;
	int shelves;
};

#ifdef __cplusplus
extern "C"
#endif
int till_close(void);
