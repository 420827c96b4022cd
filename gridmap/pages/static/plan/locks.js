// Grids that this planner does not want to touch: kept by the browser for each plan, no business of the service.

export class Locks {
  constructor(plan, onchange) {
    this.key = `gridmap.plan.${plan}.locked`;
    this.onchange = onchange;
    this.ids = new Set(this.kept());
    onchange(new Set(this.ids));
  }

  kept() {
    try {
      const ids = JSON.parse(window.localStorage.getItem(this.key) ?? '[]');
      return Array.isArray(ids) ? ids.filter(Number.isInteger) : [];
    } catch {
      return [];
    }
  }

  toggle(id) {
    if (!this.ids.delete(id)) this.ids.add(id);
    try {
      window.localStorage.setItem(this.key, JSON.stringify([...this.ids]));
    } catch {
      // A browser that keeps nothing knows it until the page is left.
    }
    this.onchange(new Set(this.ids));
  }
}
