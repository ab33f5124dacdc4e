/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * pci_call_probe() probes a device on a CPU near to it: a worker calls .probe() while the caller waits. In the broken
 * twin the caller is a write to `bind`, and nobody holds the rescan lock. In the fixed one it is a scan of the bus: it
 * holds the lock for as long as the worker works for it, and all is well. The device's lock is the caller's in both.
 *
 * model: linux
 * broken: contract:vf-add-locked observed; stack pci_iov_add_virtfn sriov_enable pf_probe local_pci_probe
 *     work_for_cpu_fn; held device.mutex; missing pci_rescan_remove_lock
 * exercises: vf-add-locked
 */
#include "work.h"

static int sriov_enable(struct pci_dev *dev, int num_vfs)
{
	return sriov_add_vfs(dev, num_vfs);
}

static int pf_probe(struct pci_dev *dev)
{
	return sriov_enable(dev, 2);
}

/* What a driver registers. */
static int (*const driver_probe)(struct pci_dev *dev) = pf_probe;

static long local_pci_probe(void *dev)
{
	return driver_probe(dev);
}

static long work_on_cpu(int cpu, long (*fn)(void *), void *arg)
{
	struct work_for_cpu wfc = { .work.func = work_for_cpu_fn, .fn = fn, .arg = arg };

	schedule_work_on(cpu, &wfc.work);
	__flush_work(&wfc.work);
	return wfc.ret;
}

static int pci_device_probe(struct device *dev)
{
	return work_on_cpu(1, local_pci_probe, to_pci_dev(dev));
}

static struct device_driver pci_driver = { .probe = pci_device_probe };

static long store(void *dev, const char *text)
{
	(void)text;
#ifdef FIXED
	pci_lock_rescan_remove();
#endif
	device_driver_attach(&pci_driver, dev);
#ifdef FIXED
	pci_unlock_rescan_remove();
#endif
	return 0;
}

static const struct attribute bind_or_rescan = { .store = store };

static void shell(void *pf)
{
	vfs_write(&bind_or_rescan, pf, "1");
}

static void scenario(void)
{
	struct pci_dev pf;
	struct task sh;

	pci_device_init(&pf);
	kthread_run(&sh, "sh", shell, &pf.dev);
	kthread_stop(&sh);
}

int main(void)
{
	return start_kernel(scenario);
}
