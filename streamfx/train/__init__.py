"""What recipes share: data, losses and the loop; and the recipes."""
