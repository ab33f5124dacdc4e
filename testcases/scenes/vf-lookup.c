/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A VF is found on its bus and read, while a write to sriov_numvfs takes it off the bus. pci_get_slot() comes with a
 * reference, which pci_dev_put() gives back (fixed); who walks the bus under pci_bus_sem himself and goes on with what he
 * has found behind it has none (broken). Here the VF goes when the other one is through.
 *
 * model: vf-lookup.yaml
 * broken: lifetime:vf-in-use assumed; stack config_read shell; held none
 * exercises: vf-in-use
 */
#include "turns.h"
#include <stddef.h>

#define PCI_VENDOR_ID 0

/* Memory that is freed here is not given back: a scene may use it too late, and goes on. */
struct pci_dev {
	unsigned int devfn;
	int references, config[4];
	struct pci_dev *next; /* on its bus */
};

static struct pci_dev virtfn = { .devfn = 1, .references = 1, .config = { 0x1b36 } };
static struct pci_dev *bus = &virtfn;
static pthread_rwlock_t pci_bus_sem = PTHREAD_RWLOCK_INITIALIZER;

static void pci_release_dev(struct pci_dev *dev)
{
	dev->config[PCI_VENDOR_ID] = -1;
}

static void pci_dev_put(struct pci_dev *dev)
{
	if (__atomic_sub_fetch(&dev->references, 1, __ATOMIC_SEQ_CST) == 0)
		pci_release_dev(dev);
}

static struct pci_dev *find_on_bus(unsigned int devfn)
{
	struct pci_dev *dev;

	for (dev = bus; dev; dev = dev->next)
		if (dev->devfn == devfn)
			return dev;
	return NULL;
}

#ifdef FIXED
static struct pci_dev *pci_get_slot(unsigned int devfn)
{
	pthread_rwlock_rdlock(&pci_bus_sem);
	struct pci_dev *dev = find_on_bus(devfn);
	if (dev)
		__atomic_add_fetch(&dev->references, 1, __ATOMIC_SEQ_CST);
	pthread_rwlock_unlock(&pci_bus_sem);
	return dev;
}
#endif

static int pci_read_config(struct pci_dev *dev, int where)
{
	return dev->config[where];
}

static int config_read(void)
{
#ifdef FIXED
	struct pci_dev *dev = pci_get_slot(1);
#else
	pthread_rwlock_rdlock(&pci_bus_sem);
	struct pci_dev *dev = find_on_bus(1);
	pthread_rwlock_unlock(&pci_bus_sem);
#endif
	int vendor = dev ? pci_read_config(dev, PCI_VENDOR_ID) : -1;
#ifdef FIXED
	if (dev)
		pci_dev_put(dev);
#endif
	return vendor;
}

static void shell(void)
{
	config_read();
}

static void take_off_bus(struct pci_dev *dev)
{
	bus = dev->next;
}

static void pci_destroy_dev(struct pci_dev *dev)
{
	pthread_rwlock_wrlock(&pci_bus_sem);
	take_off_bus(dev);
	pthread_rwlock_unlock(&pci_bus_sem);
	pci_dev_put(dev);
}

static void sriov_numvfs_store(void)
{
	pci_destroy_dev(&virtfn);
}

int main(void)
{
	return PLAY({ 0, shell }, { 1, sriov_numvfs_store });
}
