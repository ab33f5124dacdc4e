/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A driver that enables VFs in .probe(), as some do. A scan of the bus gets there with the rescan lock held; a write to
 * `bind`, the load of its module and a probe that was deferred do not.
 *
 * model: linux
 * broken: contract:vf-add-locked observed; stack pci_iov_add_virtfn sriov_enable pf_probe bind_store vfs_write;
 *     held device.mutex; missing pci_rescan_remove_lock
 * broken: contract:vf-add-locked observed; stack pci_iov_add_virtfn sriov_enable pf_probe driver_register
 *     do_one_initcall; held device.mutex; missing pci_rescan_remove_lock
 * broken: contract:vf-add-locked observed; stack pci_iov_add_virtfn sriov_enable pf_probe deferred_probe_work_func
 *     kthread; held device.mutex; missing pci_rescan_remove_lock
 * exercises: vf-add-locked
 */
#include "kernel/kernel.h"

static int sriov_enable(struct pci_dev *dev, int num_vfs)
{
	return sriov_add_vfs(dev, num_vfs);
}

static int firmware_is_there = 1;

static int pf_probe(struct device *dev)
{
	return firmware_is_there ? sriov_enable(to_pci_dev(dev), 2) : -517; /* -EPROBE_DEFER */
}

static struct device_driver pf_driver = { .probe = pf_probe };

static void attach(struct pci_dev *pf)
{
#ifdef FIXED
	pci_lock_rescan_remove();
#endif
	device_driver_attach(&pf_driver, &pf->dev);
#ifdef FIXED
	pci_unlock_rescan_remove();
#endif
}

static long rescan_store(void *pf, const char *text)
{
	(void)text;
	pci_lock_rescan_remove();
	device_driver_attach(&pf_driver, &((struct pci_dev *)pf)->dev);
	pci_unlock_rescan_remove();
	return 0;
}

static long bind_store(void *pf, const char *text)
{
	(void)text;
	attach(pf);
	return 0;
}

static const struct attribute rescan = { .store = rescan_store }, bind = { .store = bind_store };

static void by_rescan(void *pf)
{
	vfs_write(&rescan, pf, "1");
}

static void by_bind(void *pf)
{
	vfs_write(&bind, pf, "0000:01:00.0");
}

static void driver_register(void *pf)
{
	attach(pf);
}

static void do_one_initcall(void *pf)
{
	driver_register(pf);
}

static void deferred_probe_work_func(void *pf)
{
	firmware_is_there = 1;
	attach(pf);
}

static void once(const char *comm, void (*by)(void *))
{
	struct pci_dev pf;
	struct task task;

	pci_device_init(&pf);
	kthread_run(&task, comm, by, &pf);
	kthread_stop(&task);
	pci_lock_rescan_remove();
	sriov_del_vfs(&pf);
	pci_unlock_rescan_remove();
}

static void scenario(void)
{
	once("sh", by_rescan);
	once("sh", by_bind);
	once("modprobe", do_one_initcall);
	firmware_is_there = 0;
	once("sh", by_bind);
	once("kworker/u2:0", deferred_probe_work_func);
}

int main(void)
{
	return start_kernel(scenario);
}
