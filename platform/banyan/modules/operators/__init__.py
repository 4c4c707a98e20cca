"""What those who run the installation see and do: plugins, their health, versions and failures."""
