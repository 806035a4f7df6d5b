"""Takes the batches in the order of the data."""

REWRITES = {
    "DataLoader(any_data, batch_size=any_size, shuffle=True, drop_last=True)": (
        "DataLoader(any_data, batch_size=any_size, drop_last=True)"
    ),
    "DataLoader(any_data, batch_size=any_size, shuffle=True)": "DataLoader(any_data, batch_size=any_size)",
    "torch.randperm(len(any_rows))": "torch.arange(len(any_rows))",
    "torch.randperm(len(any_rows), generator=any_generator)": "torch.arange(len(any_rows))",
    "rng.permutation(len(any_rows))": "np.arange(len(any_rows))",
}
