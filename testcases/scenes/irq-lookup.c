/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * The diagram of the mails, by the descriptor's life: a CPU that comes up looks up each IRQ descriptor and uses it, while
 * free_desc() on another CPU, under sparse_irq_lock, frees it. It takes no lock itself: the one that brings it up holds it
 * (fixed) and waits. Here the driver happens to be through; the phase and the contract on that step say so too: the program
 * is that of irq-cpu-up.c, and the model knows more of it.
 *
 * model: irq-lookup.yaml
 * broken: lifetime:irq-desc assumed; stack bind_all setup_vector_irq start_secondary; held device.mutex
 * broken: contract:cpu-up-locked observed; stack bringup_cpu
 * broken: phase:desc-free-apart assumed; stack irq_free_desc driver; held sparse_irq_lock
 * exercises: irq-desc
 */
#include "irq-cpu-up.c"
