/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * The PCI inversion: a write to `unbind` holds the device's mutex when the driver's .remove() takes the rescan lock, and
 * hot-unplug holds the rescan lock when it takes the device's mutex. Here the one comes some milliseconds after the other,
 * and nothing else keeps them apart. With -DFIXED, unbind takes the rescan lock first.
 */
#include "kernel/kernel.h"

#include <unistd.h>

static void pf_remove(struct device *dev)
{
#ifndef FIXED
	pci_lock_rescan_remove();
#endif
	sriov_del_vfs(to_pci_dev(dev));
#ifndef FIXED
	pci_unlock_rescan_remove();
#endif
}

static struct device_driver pf_driver = { .remove = pf_remove };

static void unbind_store(void *pf)
{
#ifdef FIXED
	pci_lock_rescan_remove();
#endif
	device_release_driver(&((struct pci_dev *)pf)->dev);
#ifdef FIXED
	pci_unlock_rescan_remove();
#endif
}

/* When the driver is gone: its .remove() would wait for this task's own lock. */
static void pciehp_unconfigure_device(void *pf)
{
	usleep(30 * 1000);
	pci_lock_rescan_remove();
	pci_stop_and_remove_bus_device(pf);
	pci_unlock_rescan_remove();
}

static void scenario(void)
{
	struct pci_dev pf;
	struct task sh, pciehp;

	pci_device_init(&pf);
	device_bind_driver(&pf.dev, &pf_driver);
	pci_lock_rescan_remove();
	sriov_add_vfs(&pf, 2);
	pci_unlock_rescan_remove();
	kthread_run(&sh, "sh", unbind_store, &pf);
	kthread_run(&pciehp, "pciehp", pciehp_unconfigure_device, &pf);
	kthread_stop(&sh);
	kthread_stop(&pciehp);
}

int main(void)
{
	return start_kernel(scenario);
}
