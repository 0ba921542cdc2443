"""The step of the build that setup.cfg cannot state: the demo's recipe goes into the wheel."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithDemo(build_py):
    """Copies the script that `kerasrecipes demo` runs, so that a clone has it in one place only."""

    def run(self):
        super().run()
        if not self.editable_mode:
            folder = Path(self.build_lib, "kerasrecipes", "cli", "demo_recipe")
            self.mkpath(str(folder))
            self.copy_file("recipes/train_from_scratch.py", str(folder))


setup(cmdclass={"build_py": BuildWithDemo})
