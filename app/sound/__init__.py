"""What is heard: reading ahead, remixing block by block, and the sound device; without Qt and without torch."""
