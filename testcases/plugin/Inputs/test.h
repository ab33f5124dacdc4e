/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The functions of test.yaml. */
#ifdef __cplusplus
extern "C" {
#endif
struct lock {
	int word;
};
typedef struct {
	struct lock raw;
} spin_t;
void lock_acquire(void *l);
int lock_interruptible(void *l);
int lock_robust(void *l);
void lock_shared(void *l);
void lock_two(void *a, void *b);
int lock_try(void *l);
void lock_release(void *l);
void lock_release_any(void *l);
void lock_init(void *l);
void lock_destroy(void *l);
void lock_destroy_free(void *l);
void give_back(void *memory);
void give_back_sized(unsigned size, void *memory);
void give_back_long(unsigned long size, void *memory);
int cond_wait(void *c, void *l);
int cond_wait_shared(void *c, void *l);
void *same_lock(int which, void *l);
void work(void);
#ifdef __cplusplus
}
#endif
