"""What language models are asked: one Markdown file a prompt, and their loader."""

from and_core.algorithms.prompts.prompt import Prompt, load_prompt

__all__ = ["Prompt", "load_prompt"]
