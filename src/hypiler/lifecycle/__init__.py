"""What happens to registries over time: comparison of two versions, policy and inventories, import and adoption."""
