"""What every other part of the package uses: errors, the build file and the terminal."""
